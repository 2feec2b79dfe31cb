#include "tests/unit/store/world.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/catch.h"

namespace rfs::test {

namespace fs = std::filesystem;

TempDir::TempDir() {
  std::string pattern = (fs::temp_directory_path() / "runnerfs-store-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

RootKey root_of(std::uint8_t byte) {
  RootKey root;
  root.bytes = SecretBytes::copy_of(Bytes(32, byte));
  return root;
}

Result<std::unique_ptr<EntryStore>> World::try_open(const RootKey& root) {
  StoreOptions with_directory = options;
  with_directory.directory = directory;
  notice.clear();
  return EntryStore::open(with_directory, root, clock, counters, errors, notice);
}

std::unique_ptr<EntryStore> World::open() {
  auto store = try_open(root_of());
  if (!store) FAIL(store.error().message);
  return std::move(*store);
}

std::vector<std::string> files_below(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& at : fs::recursive_directory_iterator(directory))
    if (at.is_regular_file()) names.push_back(fs::relative(at.path(), directory).string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
  REQUIRE(out.good());
}

namespace {

// flip(value, offset)
void flip(sqlite3_context* context, int, sqlite3_value** values) {
  if (sqlite3_value_type(values[0]) == SQLITE_INTEGER)
    return sqlite3_result_int64(context, sqlite3_value_int64(values[0]) ^ 1);
  if (sqlite3_value_type(values[0]) != SQLITE_BLOB) return sqlite3_result_null(context);
  const void* data = sqlite3_value_blob(values[0]);
  std::string bytes(static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_value_bytes(values[0])));
  if (bytes.empty()) return sqlite3_result_zeroblob(context, 0);
  char& byte = bytes[std::min(static_cast<std::size_t>(sqlite3_value_int(values[1])), bytes.size() - 1)];
  byte = static_cast<char>(byte ^ 1);
  sqlite3_result_blob(context, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
}

}  // namespace

std::string sql(const std::string& directory, const std::string& statement) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open((directory + "/cache.db").c_str(), &db) == SQLITE_OK);
  sqlite3_busy_timeout(db, 5'000);
  sqlite3_create_function(db, "flip", 2, SQLITE_UTF8, nullptr, flip, nullptr, nullptr);
  std::string first;
  auto row = [](void* out, int columns, char** values, char**) {
    auto& text = *static_cast<std::string*>(out);
    if (text.empty() && columns > 0 && values[0]) text = values[0];
    return 0;
  };
  char* message = nullptr;
  int rc = sqlite3_exec(db, statement.c_str(), row, &first, &message);
  std::string why = message ? message : "";
  sqlite3_free(message);
  sqlite3_close(db);
  INFO(statement << ": " << why);
  REQUIRE(rc == SQLITE_OK);
  return first;
}

void flip_column(const std::string& directory, const std::string& table, const std::string& column,
                 std::size_t offset) {
  sql(directory,
      "UPDATE OR IGNORE " + table + " SET " + column + " = flip(" + column + ", " + std::to_string(offset) + ")");
}

}  // namespace rfs::test
