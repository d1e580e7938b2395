// Every module of the library.
#ifndef HASS_HASS_HPP
#define HASS_HASS_HPP

#include "hass/activation.hpp"
#include "hass/add.hpp"
#include "hass/concat.hpp"
#include "hass/convert.hpp"
#include "hass/engine.hpp"
#include "hass/fork.hpp"
#include "hass/globalpool.hpp"
#include "hass/join.hpp"
#include "hass/mul.hpp"
#include "hass/pool.hpp"
#include "hass/requant.hpp"
#include "hass/resize.hpp"
#include "hass/sink.hpp"
#include "hass/slice.hpp"
#include "hass/source.hpp"
#include "hass/weights.hpp"
#include "hass/window.hpp"
#include "hass/zeroinsert.hpp"

#endif
