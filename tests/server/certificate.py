"""A certificate authority of one run and a certificate of it for 127.0.0.1 and localhost, made with openssl."""

import os
import ssl
import subprocess

LEAF = """
[req]
distinguished_name = name
prompt = no
[name]
CN = localhost
[leaf]
subjectAltName = DNS:localhost, IP:127.0.0.1
basicConstraints = CA:FALSE
keyUsage = digitalSignature
extendedKeyUsage = serverAuth
"""
CA = """
[req]
distinguished_name = name
prompt = no
x509_extensions = ca
[name]
CN = runnerfs test authority
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


def openssl(*arguments, cwd):
    subprocess.run(["openssl", *arguments], cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make(folder):
    """Writes ca.pem, leaf.pem and leaf.key into folder (private to this user) and returns their paths."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for name, text in (("ca.cnf", CA), ("leaf.cnf", LEAF)):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(text)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-config", "ca.cnf", cwd=folder)
    openssl("req", *key, "-keyout", "leaf.key", "-out", "leaf.csr", "-config", "leaf.cnf", cwd=folder)
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "2", "-days", "2",
            "-extfile", "leaf.cnf", "-extensions", "leaf", "-out", "leaf.pem", cwd=folder)
    return tuple(os.path.join(folder, name) for name in ("ca.pem", "leaf.pem", "leaf.key"))


def server_context(leaf, key, protocols=("h2", "http/1.1")):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(leaf, key)
    context.set_alpn_protocols(list(protocols))
    return context
