#!/usr/bin/env bash
# From recordings to an acoustic model. It needs requirements/base.txt and then
# requirements/training.in installed. Run it from the repository's root:
#
#   training/runs/acoustic.sh WORK EVALUATION.jsonl MANIFEST.jsonl...
#
# WORK is a folder for what is made (some GB); the speakers of EVALUATION.jsonl are kept out.
# A manifest has a line of JSON for each recording: file, transcript, duration, speaker,
# style, source and license; training/gather.py makes such manifests of public recordings,
# training/SOURCES.md says where those are.
# It may be started again: what is done stays, training goes on.
# HOURS is how much augmented speech the network hears (300 take two cores about 2.5 h).
set -euo pipefail

work=$1 evaluation=$2
shift 2
python=${PYTHON:-python}
hours=${HOURS:-300}
export PYTHONPATH=src${PYTHONPATH:+:$PYTHONPATH}
# Two threads that wait for each other without going to sleep are twice as fast as with.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-active}
mkdir -p "$work"

if [ ! -e "$work/real/utterances.jsonl" ]; then
    "$python" -m training.data "$@" --exclude "$evaluation" --out "$work/real"
fi
if [ ! -e "$work/real/alignment.jsonl" ]; then
    "$python" -m training.bootstrap "$work/real"
fi
sets=("$work/real")
if [ -n "${SENTENCES:-}" ]; then # texts to be spoken by synthesisers: PATH of a file or folder
    "$python" -m training.synthesis "$work/synthetic" --hours "${SYNTHETIC_HOURS:-6}" --seed 1 \
        --sentences "$SENTENCES" "${SENTENCES_LICENCE:-own}" --avoid "$evaluation"
    for voice in "$work"/synthetic/*/; do sets+=("$voice:${SYNTHETIC_WEIGHT:-0.5}"); done
fi

# A first third with the times found by another recogniser, then with our own, and whole
# sequences against all others: a network that knows nothing yet is hurt by that.
first=$(awk "BEGIN { print $hours / 3 }")
"$python" -m training.train "$work/first" --set "${sets[@]}" --hours "$first" --dropout 0 \
    --augmented 0.5
if [ ! -e "$work/realigned" ]; then
    "$python" -m training.align "$work/first/average.pt" "$work/real"
    touch "$work/realigned"
fi
"$python" -m training.train "$work/last" --init "$work/first/average.pt" --set "${sets[@]}" \
    --hours "$hours" --dropout 0 --augmented 0.5 --sequence
"$python" -m training.export "$work/last/average.pt"
