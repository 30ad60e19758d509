#pragma once

#include "faults/client.h"

namespace closewait {

// The behaviours, one file each, which has what it does and its row.

extern const Behaviour kPolite;
extern const Behaviour kPoliteKeepalive;
extern const Behaviour kPoliteHeld;
extern const Behaviour kRstBeforeAccept;
extern const Behaviour kRstAfterConnect;
extern const Behaviour kRstMidRequest;
extern const Behaviour kRstMidResponse;
extern const Behaviour kRstUnread;
extern const Behaviour kRstIdleKeepalive;
extern const Behaviour kRstReuse;
extern const Behaviour kFinThenRst;
extern const Behaviour kHalfClose;
extern const Behaviour kHalfCloseEarly;
extern const Behaviour kHalfCloseIdle;
extern const Behaviour kShutRead;
extern const Behaviour kSlowRead;
extern const Behaviour kNeverRead;
extern const Behaviour kSlowWrite;
extern const Behaviour kSlowBody;
extern const Behaviour kIdle;
extern const Behaviour kIdleAfter;
extern const Behaviour kVanish;
extern const Behaviour kSplit;
extern const Behaviour kOneByte;
extern const Behaviour kPipelineFlood;
extern const Behaviour kOversized;
extern const Behaviour kGarbage;
extern const Behaviour kUrgent;
extern const Behaviour kConnectChurn;
extern const Behaviour kServerFirst;
extern const Behaviour kTlsSilent;
extern const Behaviour kTlsAbort;
extern const Behaviour kTlsNoCloseNotify;

}  // namespace closewait
