#!/bin/sh
# Turns pages grey whose publisher has stopped: their stale twins are renamed over the live files.
# Run it every half minute, beside the application and not in it: `watchdog.sh [DATA_DIR]`. Needs no free
# space on the disk, does nothing where a heartbeat is fresh, and may be killed and run again at any time.
set -u
now=$(date +%s)
for stale in "${1:-${DATA_DIR:-var}}"/published*/*/stale; do
    page=${stale%/stale}
    beat=$(stat -c %Y "$page/heartbeat" 2>/dev/null || stat -c %Y "$page" 2>/dev/null) || continue
    [ $((now - beat)) -gt "${STALE_AFTER_SECONDS:-120}" ] || continue
    # A file before its compressed twins: by its time the publisher sees that all must be written anew.
    (cd "$stale" || exit
     find . -type f ! -name '*.gz' ! -name '*.br' -exec mv -f {} ../live/{} \;
     find . -type f -exec mv -f {} ../live/{} \;)
done
