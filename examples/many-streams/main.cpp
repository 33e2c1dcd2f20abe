// SPDX-License-Identifier: Apache-2.0
// many_streams MODEL [--streams N] [--steps N] [--threads N]: one network, many callers.
//
// A server has one Network, one Stream per connection and a few threads. Here every stream gets one
// more step per round, by whichever thread is free.
#include <carousel/carousel.hpp>

#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

struct Settings {
  std::string model;
  std::int64_t streams = 1000;
  std::int64_t steps = 16;
  std::int64_t threads = 2;
};

/// One caller: what it sends, its state, what it got back last.
struct Connection {
  carousel::Stream stream;
  std::vector<float> x;
  std::vector<float> y;
  std::int32_t id = 0;

  Connection(const carousel::Network& network, std::int64_t number)
      : stream(network.stream({.batch = 1, .max_steps = 1})),
        x(static_cast<std::size_t>(network.input_size())),
        y(static_cast<std::size_t>(network.output_size())),
        id(static_cast<std::int32_t>(number)) {}

  /// The input of step t differs from connection to connection.
  carousel::Status step(const carousel::Network& network, std::int64_t t, std::int32_t ids) {
    const auto out = carousel::unbatched(y.data(), 1, network.output_size());
    if (network.takes_ids()) {
      const std::int32_t next = static_cast<std::int32_t>((id + 7 * t) % ids);
      return stream.run_ids(carousel::unbatched(&next, 1, 1), out);
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = 0.01F * static_cast<float>((id + t + static_cast<std::int64_t>(i)) % 100);
    }
    return stream.run(carousel::unbatched(x.data(), 1, network.input_size()), out);
  }
};

/// Steps every connection `steps` times on `threads` threads; returns the seconds it took.
double serve(const carousel::Network& network, std::vector<Connection>& connections,
             const Settings& settings, std::int32_t ids) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::barrier round(settings.threads, [&]() noexcept { next = 0; });
  const auto work = [&] {
    for (std::int64_t t = 0; t < settings.steps; ++t) {
      for (std::size_t i = next++; i < connections.size(); i = next++) {
        if (!connections[i].step(network, t, ids)) failed = true;
      }
      round.arrive_and_wait();
    }
  };
  const auto start = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> pool;
    for (std::int64_t i = 0; i < settings.threads; ++i) pool.emplace_back(work);
  }
  if (failed) throw std::runtime_error("a run was refused");
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Whether connection `number`, served among all the others, got the bits that it gets when alone.
bool undisturbed(const carousel::Network& network, const Connection& served, std::int64_t number,
                 const Settings& settings, std::int32_t ids) {
  Connection alone(network, number);
  for (std::int64_t t = 0; t < settings.steps; ++t) {
    if (!alone.step(network, t, ids)) return false;
  }
  return std::memcmp(alone.y.data(), served.y.data(), served.y.size() * sizeof(float)) == 0;
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (!word.starts_with("--")) {
      settings.model = word;
      continue;
    }
    const std::int64_t value = ++i < argc ? std::atoll(argv[i]) : 0;
    if (value < 1) throw std::runtime_error(std::string(word) + " needs a number above 0");
    if (word == "--streams") {
      settings.streams = value;
    } else if (word == "--steps") {
      settings.steps = value;
    } else if (word == "--threads") {
      settings.threads = value;
    } else {
      throw std::runtime_error("unknown option " + std::string(word));
    }
  }
  if (settings.model.empty()) {
    throw std::runtime_error("usage: many_streams MODEL [--streams N] [--steps N] [--threads N]");
  }
  return settings;
}

void run(const Settings& settings) {
  const auto model = carousel::load(settings.model);
  const auto network = carousel::prepare(model, {.threads = 1, .batch = 1, .steps = 1});
  // A network that takes ids begins with an embedding, whose rows they count.
  const auto* embedding = std::get_if<carousel::EmbeddingSpec>(&model.layers.front().spec);
  const auto ids = embedding == nullptr ? 1 : static_cast<std::int32_t>(embedding->num_embeddings);
  std::vector<Connection> connections;
  connections.reserve(static_cast<std::size_t>(settings.streams));
  for (std::int64_t i = 0; i < settings.streams; ++i) connections.emplace_back(network, i);

  const double seconds = serve(network, connections, settings, ids);
  const auto count = static_cast<std::int64_t>(connections.size());
  for (std::int64_t i = 0; i < count; i += std::max<std::int64_t>(1, count / 16)) {
    if (!undisturbed(network, connections[static_cast<std::size_t>(i)], i, settings, ids)) {
      throw std::runtime_error("stream " + std::to_string(i) + " was disturbed by others");
    }
  }

  const auto kib = [](std::size_t bytes) { return static_cast<double>(bytes) / 1024; };
  const double each = kib(connections[0].stream.memory_bytes());
  std::printf("weights   %.1f KiB, once\n", kib(network.memory_bytes()));
  std::printf("streams   %lld of %.1f KiB each, %.1f KiB together\n", static_cast<long long>(count),
              each, each * static_cast<double>(count));
  std::printf("speed     %.0f steps/s on %lld threads\n",
              static_cast<double>(count * settings.steps) / seconds,
              static_cast<long long>(settings.threads));
  std::printf("every stream checked has the bits of a stream that ran alone\n");
}

}  // namespace

int main(int argc, char** argv) try {
  run(parse(argc, argv));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "many_streams: %s\n", error.what());
  return 1;
}
