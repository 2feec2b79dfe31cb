"""Reads of a credential against the Python manager that the guide describes, in the same process and in turns.

The manager is no part of this project: --reference FILE names its credential_manager.py."""

import importlib.util
import json
import logging
import os
import subprocess
import sys
import time

from rfs import PROGRAM, Mount

NAME, VALUE, REPOSITORY = "API_KEY", "x" * 40, "octo/bench"


def load(path):
    """The module at `path`; ImportError where it, or what it needs, is not there."""
    logging.disable(logging.CRITICAL)  # each of its reads would print
    spec = importlib.util.spec_from_file_location("reference_credential_manager", path)
    if spec is None:
        raise ImportError(f"{path} is no file of Python")
    try:
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # its dataclasses look themselves up
        spec.loader.exec_module(module)
    except OSError as error:
        raise ImportError(str(error)) from error
    if not hasattr(module, "CredentialManager"):
        raise ImportError(f"{path} has no CredentialManager")
    if not getattr(module, "HAVE_CRYPTO", True):
        raise ImportError("the package cryptography is not installed")
    return module


def manager_with(module, where, count):
    """Its manager over a store of `count` credentials besides the one that is read. They are put straight into its
    memory, since it seals the whole store anew at each of its own stores."""
    manager = module.CredentialManager(storage_dir=where, use_keyring=False)
    for number in range(count):
        manager.credentials[f"K{number}"] = module.Credential(
            name=f"K{number}", encrypted_value=manager._encrypt_value(VALUE), scope=module.CredentialScope.GLOBAL,  # pylint: disable=protected-access
            scope_filter=None, created_at=time.time(), expires_at=None)
    manager.store_credential(name=NAME, value=VALUE, scope=module.CredentialScope.REPO, scope_filter=REPOSITORY, ttl_hours=24)
    return manager


def in_turns(readers, rounds):
    """Percentiles of each reader in nanoseconds. One read of each a round, so that a drift of the machine meets both."""
    times = {name: [] for name in readers}
    for number in range(rounds + 5):
        for name, read in readers.items():
            began = time.perf_counter_ns()
            value = read()
            took = time.perf_counter_ns() - began
            if value != VALUE:
                raise AssertionError(f"{name} read something else")
            if number >= 5:
                times[name].append(took)
    return {name: {"p50_ns": sorted(some)[len(some) // 2], "p99_ns": sorted(some)[len(some) * 99 // 100]} for name, some in times.items()}


def credentials(home, options):
    """One read by its API and by a path here, each with an audit line, with few credentials in the store and with many."""
    if not options.reference:
        return {"left_out": "the reference's credential manager: --reference FILE names it"}
    try:
        module = load(options.reference)
    except ImportError as error:
        return {"left_out": f"the reference's credential manager: {error}"}
    rounds, sizes = (50, {"few": 10, "many": 50}) if options.small else (2_000, {"few": 10, "many": 1_000})
    result = {"audit_sync": "grouped", "credentials": sizes}
    mount = Mount(home, "--repo", REPOSITORY)
    try:
        path = mount.join(f"secrets/{NAME}")
        with open(path, "w", encoding="ascii") as file:
            file.write(VALUE)

        def ours():
            with open(path, encoding="ascii") as file:
                return file.read()
        for size, count in sizes.items():
            document = [{"name": f"K{number}", "value": VALUE, "scope": "global"} for number in range(count)]
            subprocess.run([PROGRAM, "secret", "import", "-", "--mount", mount.path], env=home.environment(), check=True,
                           input=json.dumps(document), text=True, stdout=subprocess.DEVNULL)
            manager = manager_with(module, home.join("reference-" + size), count)
            found = in_turns({"reference": lambda manager=manager: manager.get_credential(NAME, repo=REPOSITORY), "runnerfs": ours}, rounds)
            with open(os.path.join(home.join("reference-" + size), "audit.log"), "rb") as log:
                assert sum(1 for _ in log) > rounds, "its reads were not audited"
            result[size] = {**found, "ratio_to_reference": found["runnerfs"]["p50_ns"] / found["reference"]["p50_ns"]}
    finally:
        mount.stop()
        logging.disable(logging.NOTSET)
    return result


def rows(measured):
    for size, count in measured.get("credentials", {}).items():
        yield (f"read of a credential from Python, {count} others in the store, against the reference's manager",
               f"{measured[size]['ratio_to_reference']:.2f} x")
