#!/usr/bin/env bash
# From prepared sets and an acoustic network to the end-of-turn network in the package, for
# example whenever the acoustic network is another. Run it from the repository's root:
#
#   [NOISE=FOLDER] [CALLS=MANIFESTS] training/runs/turns.sh WORK MODEL SET[:WEIGHT]...
#
# WORK is a folder for what is made (2 GB), MODEL the weights of the acoustic network; the sets
# have been aligned (training.align). HOURS of scenes are made, heard and learned from (3 hours
# take one core about ten minutes, JOBS processes that much less). Scenes that are there stay.
# Afterwards: scripts/bench turns.
set -euo pipefail

work=$1 model=$2
shift 2
python=${PYTHON:-python}
export PYTHONPATH=src${PYTHONPATH:+:$PYTHONPATH} OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
mkdir -p "$work"

if [ ! -e "$work/scenes/made" ]; then
    rm -rf "$work/scenes"
    # shellcheck disable=SC2086 -- several manifests
    "$python" -m training.scenes "$work/scenes" --set "$@" ${NOISE:+--noise "$NOISE"} \
        ${CALLS:+--calls $CALLS} --hours "${HOURS:-3}" --held-out 0.25 --seed 3
    touch "$work/scenes/made"
fi
"$python" -m training.turn_head "$work/scenes" --model "$model" --jobs "${JOBS:-1}"
