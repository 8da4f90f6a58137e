/* What the two files of shared_model share: a model that refers to itself, an enum, a dependency, a router. */
#pragma once
#include <cito.h>

CITO_ENUM(Colour, red, green);
CITO_MODEL(Part, (str, name, min_length(1)), (Colour, colour, default("red")), (list(Part), parts, default([])));

CITO_DECLARE(Part, read_part, (str, name), (opt(str), x_key, header));

extern cito_router parts;
