// SPDX-License-Identifier: Apache-2.0
// Headers nearly every test includes anyway. Files still include what they use.
#pragma once

#include "cmake/pch.h"

#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>
#include <unordered_map>
