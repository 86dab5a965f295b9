#!/usr/bin/env bash
# From prepared sets and an acoustic network to the end-of-turn network in the package, for
# example whenever the acoustic network is another. Run it from the repository's root:
#
#   [NOISE=FOLDER] [CALLS="MANIFEST ..."] training/runs/turns.sh WORK MODEL SET[:WEIGHT]...
#
# WORK is a folder for what is made (2 GB), MODEL the weights of the acoustic network; the sets
# have been aligned (training.align) or have no words. HOURS of scenes are made, heard and learned
# from (3 hours take one core about ten minutes, JOBS processes that much less). CALLS, of
# training.callers or with marks of one's own, are together a quarter of what is learned from.
# Scenes that are there stay. Afterwards: scripts/bench turns.
set -euo pipefail

work=$1 model=$2
shift 2
python=${PYTHON:-python}
export PYTHONPATH=src${PYTHONPATH:+:$PYTHONPATH} OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
mkdir -p "$work"

scenes() { # FOLDER ARGUMENT...
    if [ ! -e "$1/made" ]; then
        rm -rf "$1"
        "$python" -m training.scenes "$@" ${NOISE:+--noise "$NOISE"} --seed 3
        touch "$1/made"
    fi
}

scenes "$work/scenes" --set "$@" --hours "${HOURS:-3}" --held-out 0.25
sources=("$work/scenes:3")
read -ra calls <<< "${CALLS:-}"
for manifest in ${calls[@]+"${calls[@]}"}; do
    folder=$work/calls-${#sources[@]}
    scenes "$folder" --calls "$manifest"
    sources+=("$folder:$(awk "BEGIN { print 1 / ${#calls[@]} }")")
done
"$python" -m training.turn_head "${sources[@]}" --model "$model" --jobs "${JOBS:-1}"
