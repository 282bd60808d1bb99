#!/bin/sh
# A state of a million rows judged under every built-in policy, loading and report included: processor seconds and memory, against
# 10 s and 1 GB. ROWS= for another size.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$TOOLS/make_state" "${ROWS:-1000000}" "$dir/state.db"
policies=$("$TLSUNSET" policy list | sed 's/ .*//' | paste -sd, -)
python3 - "$TLSUNSET" "$policies" "$dir/state.db" <<'EOF'
import resource, subprocess, sys
program, policies, state = sys.argv[1:]
r = subprocess.run([program, "report", "--policy", policies, "-o", "/dev/null", state])
u = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds, mb = u.ru_utime + u.ru_stime, u.ru_maxrss / 1000
print("study: %d policies in %.1f s of processor time, %.0f MB" % (policies.count(",") + 1, seconds, mb))
sys.exit(r.returncode not in (0, 1, 3) or seconds >= 10 or mb >= 1000)
EOF
