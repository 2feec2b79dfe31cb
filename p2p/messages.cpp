#include "p2p/messages.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

namespace rfs::p2p {
namespace {

Bytes to_bytes(std::string_view chars) { return {chars.begin(), chars.end()}; }
Bytes to_bytes(protozero::data_view data) { return {data.data(), data.data() + data.size()}; }

// Calls field(reader) for each field; it reads the value or leaves it to be skipped. Wire types that do not fit are
// errors, as are exceptions of the reader (cut messages, bad varints).
template <class Field>
Result<> each_field(BytesView bytes, const char* what, Field field) {
  try {
    protozero::pbf_reader reader(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (reader.next())
      if (!field(reader)) reader.skip();
  } catch (const protozero::exception&) {
    return fail(Code::kInvalid, std::string("a malformed ") + what + " message");
  }
  return {};
}

bool is_bytes(const protozero::pbf_reader& reader) {
  return reader.wire_type() == protozero::pbf_wire_type::length_delimited;
}
// For a field whose number is known but whose type is not what the message says.
[[noreturn]] void wrong_type() { throw protozero::unknown_pbf_wire_type_exception{}; }

protozero::data_view bytes_field(protozero::pbf_reader& reader) {
  if (!is_bytes(reader)) wrong_type();
  return reader.get_view();
}

std::string text_field(protozero::pbf_reader& reader, std::size_t most) {
  const auto data = bytes_field(reader);
  return std::string(data.data(), std::min(data.size(), most));
}

constexpr std::size_t kMuxersMost = 16;
constexpr std::size_t kNameMost = 256;  // a protocol's name, an agent's

}  // namespace

Bytes encode(const PublicKeyMessage& message) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_enum(1, static_cast<std::int32_t>(message.type));
  writer.add_bytes(2, reinterpret_cast<const char*>(message.data.data()), message.data.size());
  return to_bytes(std::string_view(out));
}

Result<PublicKeyMessage> decode_public_key(BytesView bytes) {
  PublicKeyMessage message;
  bool type = false, data = false;
  TRY(each_field(bytes, "public key", [&](protozero::pbf_reader& reader) {
    if (reader.tag() == 1) {
      if (reader.wire_type() != protozero::pbf_wire_type::varint) wrong_type();
      message.type = static_cast<std::uint32_t>(reader.get_enum());
      return type = true;
    }
    if (reader.tag() != 2) return false;
    message.data = to_bytes(bytes_field(reader));
    return data = true;
  }));
  if (!type || !data) return fail(Code::kInvalid, "a public key without its type or its bytes");
  return message;
}

Bytes encode(const NoisePayload& message) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_bytes(1, reinterpret_cast<const char*>(message.identity_key.data()), message.identity_key.size());
  writer.add_bytes(2, reinterpret_cast<const char*>(message.identity_signature.data()),
                   message.identity_signature.size());
  if (!message.muxers.empty()) {
    protozero::pbf_writer extensions(writer, 4);
    for (const std::string& muxer : message.muxers) extensions.add_string(2, muxer);
  }
  return to_bytes(std::string_view(out));
}

Result<NoisePayload> decode_noise_payload(BytesView bytes) {
  NoisePayload message;
  protozero::data_view extensions;
  TRY(each_field(bytes, "noise payload", [&](protozero::pbf_reader& reader) {
    switch (reader.tag()) {
      case 1:
        message.identity_key = to_bytes(bytes_field(reader));
        return true;
      case 2:
        message.identity_signature = to_bytes(bytes_field(reader));
        return true;
      case 4:
        extensions = bytes_field(reader);
        return true;
      default:
        return false;
    }
  }));
  TRY(each_field(view(std::string_view(extensions.data(), extensions.size())), "noise extensions",
                 [&](protozero::pbf_reader& reader) {
                   if (reader.tag() != 2 || message.muxers.size() == kMuxersMost) return false;
                   message.muxers.push_back(text_field(reader, kNameMost));
                   return true;
                 }));
  return message;
}

Bytes encode(const Identify& message) {
  std::string out;
  protozero::pbf_writer writer(out);
  const auto add = [&](std::uint32_t tag, BytesView bytes) {
    if (!bytes.empty()) writer.add_bytes(tag, reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  add(1, message.public_key);
  for (const Bytes& address : message.listen_addresses) add(2, address);
  for (const std::string& protocol : message.protocols) writer.add_string(3, protocol);
  add(4, message.observed_address);
  add(5, view(message.protocol_version));
  add(6, view(message.agent_version));
  return to_bytes(std::string_view(out));
}

Result<> decode_identify(BytesView bytes, Identify& into) {
  return each_field(bytes, "identify", [&](protozero::pbf_reader& reader) {
    switch (reader.tag()) {
      case 1:
        into.public_key = to_bytes(bytes_field(reader));
        return true;
      case 2:
        if (into.listen_addresses.size() == kIdentifyAddresses) return false;
        into.listen_addresses.push_back(to_bytes(bytes_field(reader)));
        return true;
      case 3:
        if (into.protocols.size() == kIdentifyProtocols) return false;
        into.protocols.push_back(text_field(reader, kNameMost));
        return true;
      case 4:
        into.observed_address = to_bytes(bytes_field(reader));
        return true;
      case 5:
        into.protocol_version = text_field(reader, kNameMost);
        return true;
      case 6:
        into.agent_version = text_field(reader, kNameMost);
        return true;
      default:
        return false;
    }
  });
}

}  // namespace rfs::p2p
