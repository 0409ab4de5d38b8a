"""Workstation only: labelled pictures → sets → float network → int8 TFLite with a card that proves it."""
