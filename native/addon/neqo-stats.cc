#include "neqo-stats.h"

#include <cmath>

namespace necko {
namespace {

struct Field {
  const char* name;
  double NeqoStats::*member;
};

constexpr Field kNumbers[] = {
    {"packetsReceived", &NeqoStats::packets_received},
    {"packetsDuplicate", &NeqoStats::packets_duplicate},
    {"packetsDropped", &NeqoStats::packets_dropped},
    {"packetsSent", &NeqoStats::packets_sent},
    {"packetsLost", &NeqoStats::packets_lost},
    {"packetsLateAcked", &NeqoStats::packets_late_acked},
    {"ptoAcked", &NeqoStats::pto_acked},
    {"savedDatagrams", &NeqoStats::saved_datagrams},
    {"pmtudSent", &NeqoStats::pmtud_sent},
    {"pmtudAcked", &NeqoStats::pmtud_acked},
    {"pmtudLost", &NeqoStats::pmtud_lost},
    {"pmtu", &NeqoStats::pmtu},
    {"rttMs", &NeqoStats::rtt_ms},
    {"rttVarMs", &NeqoStats::rtt_var_ms},
    {"ecnCeSent", &NeqoStats::ecn_ce_sent},
    {"ecnCeReceived", &NeqoStats::ecn_ce_received},
    {"datagramsDroppedIncoming", &NeqoStats::datagrams_dropped_incoming},
    {"datagramsLost", &NeqoStats::datagrams_lost},
    {"datagramsDroppedTooBig", &NeqoStats::datagrams_dropped_too_big},
    {"datagramsDroppedQueueFull", &NeqoStats::datagrams_dropped_queue_full},
    {"bytesReceived", &NeqoStats::bytes_received},
    {"bytesSent", &NeqoStats::bytes_sent},
    {"datagramsReceived", &NeqoStats::datagrams_received},
    {"datagramsSent", &NeqoStats::datagrams_sent},
    {"receiveCalls", &NeqoStats::receive_calls},
    {"sendCalls", &NeqoStats::send_calls},
    {"wouldBlockReceive", &NeqoStats::would_block_receive},
    {"wouldBlockSend", &NeqoStats::would_block_send},
    {"qpackEncoderDynamicReferences", &NeqoStats::qpack_encoder_dynamic_references},
    {"qpackDecoderDynamicReferences", &NeqoStats::qpack_decoder_dynamic_references},
    {"packetBytesAcked", &NeqoStats::bytes_acked},
    {"packetBytesLost", &NeqoStats::bytes_lost},
    {"datagramFramesQueued", &NeqoStats::datagram_frames_queued},
    {"datagramFramesAcked", &NeqoStats::datagram_frames_acked},
};

/** NaN if they are not known yet. */
constexpr Field kPathNumbers[] = {
    {"minRttMs", &NeqoStats::min_rtt_ms},
    {"congestionWindow", &NeqoStats::cwnd},
    {"bytesInFlight", &NeqoStats::bytes_in_flight},
    {"sendRate", &NeqoStats::send_rate},
};

Napi::Object FrameCounts(Napi::Env env, const double (&counts)[NEQO_FRAME_TYPES]) {
  const Napi::Object result = Napi::Object::New(env);
  for (uint32_t i = 0; i < NEQO_FRAME_TYPES; i++) result.Set(neqo_frame_name(i), counts[i]);
  return result;
}

}  // namespace

Napi::Object ToStatsObject(Napi::Env env, const NeqoSendStreamStats& stats) {
  const Napi::Object result = Napi::Object::New(env);
  result.Set("bytesWritten", stats.bytes_written);
  result.Set("bytesSent", stats.bytes_sent);
  result.Set("bytesAcked", stats.bytes_acked);
  return result;
}

Napi::Object ToStatsObject(Napi::Env env, const NeqoRecvStreamStats& stats) {
  const Napi::Object result = Napi::Object::New(env);
  result.Set("bytesReceived", stats.bytes_received);
  result.Set("bytesRead", stats.bytes_read);
  return result;
}

Napi::Object ToStatsObject(Napi::Env env, const NeqoStats& stats) {
  const Napi::Object result = Napi::Object::New(env);
  for (const Field& field : kNumbers) result.Set(field.name, stats.*field.member);
  for (const Field& field : kPathNumbers) {
    if (!std::isnan(stats.*field.member)) result.Set(field.name, stats.*field.member);
  }
  if (!std::isnan(stats.congestion_limited)) {
    result.Set("congestionLimited", Napi::Boolean::New(env, stats.congestion_limited != 0));
  }
  result.Set("resumed", Napi::Boolean::New(env, stats.resumed != 0));
  const Napi::Array ptoCounts = Napi::Array::New(env, NEQO_PTO_COUNTS);
  for (uint32_t i = 0; i < NEQO_PTO_COUNTS; i++) ptoCounts.Set(i, stats.pto_counts[i]);
  result.Set("ptoCounts", ptoCounts);
  result.Set("framesReceived", FrameCounts(env, stats.frames_received));
  result.Set("framesSent", FrameCounts(env, stats.frames_sent));
  return result;
}

}  // namespace necko
