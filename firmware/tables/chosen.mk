# Which tables go into an image, TABLES, and where it is built: included by the Makefiles of the chips.
TABLES ?= microphone
TABLES_C := $(firstword $(wildcard ../tables/$(TABLES)/tables.c $(TABLES)/tables.c))
BUILD := build$(if $(filter microphone,$(TABLES)),,/$(notdir $(abspath $(TABLES))))

ifeq ($(TABLES_C),)
$(error TABLES=$(TABLES): neither ../tables/$(TABLES)/tables.c nor $(TABLES)/tables.c is there; masque-quantize projection --out writes one)
endif
