#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 5,000 log events a second for one guild, 200 watchers, one of whom does not read: over the in-process bus and over
# RabbitMQ. Fails when one that reads misses an event or gets two out of order, or when the slow one is not told what it
# missed. Figures: docs/bus.md. livelogs.sh [BUILD-FOLDER]
set -e
source=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$source/build/release}" && pwd)
export GATEHOUSE_BUSHOST="$build/bin/dashboard-bushost" GATEHOUSE_BINARY="$build/bin/gatehouse"
export GATEHOUSE_WATCHERS="$build/bin/dashboard-watchers"
export GATEHOUSE_TEST_BROKER="$build/bin/test-broker" NODE_PATH="$source/build/clients/node_modules"
export WATCHERS="${WATCHERS:-200}" RATE="${RATE:-5000}"
for bus in in-process rabbitmq; do
    echo "$bus:"
    GATEHOUSE_TEST_BUS=$bus node "$source/tests/dashboard/run.js" liveLogs
done
