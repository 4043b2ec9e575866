"""The data files that decoders look things up in, each read when it is first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from device.decoding.atr_catalogue import AtrTables, read_atr_tables
from device.decoding.card_catalogue import CardCommands, parse_card_commands, parse_status_words
from device.decoding.code_catalogue import CodeTables, read_code_tables
from device.decoding.emv_catalogue import EmvTables, parse_bits, read_emv_tables
from device.decoding.message_meanings import MessageMeanings, parse_message_meanings
from device.decoding.modem_catalogue import ModemTables, read_modem_tables
from device.message_profiles import read_message_profiles
from device.printer_states import PrinterStates, read_printer_states
from device.settings import read_catalogue, read_folder
from protocol.emv_bits import BitTables, index_tables
from protocol.iso8583_profile import MessageProfile
from protocol.status_word import StatusWords


class Tables:
    """Catalogue data for decoding. Every property raises TableError, one sentence, where a file does not fit.

    ``profile_files`` are message profiles of the user's own: they are tried before the product's.
    """

    def __init__(self, profile_files: Sequence[Path] = ()) -> None:
        self._profile_files = profile_files

    @cached_property
    def profiles(self) -> tuple[MessageProfile, ...]:
        """The message profiles of ISO 8583 hosts, in the order in which they are tried."""
        lists = self.message_meanings.codes if self._profile_files else None
        return tuple(read_message_profiles(self._profile_files, lists).values())

    @cached_property
    def message_meanings(self) -> MessageMeanings:
        """What fields and codes of ISO 8583 messages mean, in both languages."""
        return parse_message_meanings(read_catalogue("iso8583_meanings.toml"), read_folder("hosts"))

    @cached_property
    def emv(self) -> EmvTables:
        """EMV data: tags, bit tables, layouts of issuer data, schemes and products."""
        return read_emv_tables()

    @cached_property
    def modem(self) -> ModemTables:
        """A modem's error numbers, states and unasked lines."""
        return read_modem_tables()

    @cached_property
    def status_words(self) -> StatusWords:
        """What chip cards' status words mean."""
        return parse_status_words(read_catalogue("emv/status_words.toml"))

    @cached_property
    def card_commands(self) -> CardCommands:
        """Names of the commands to chip cards."""
        return parse_card_commands(read_catalogue("emv/commands.toml"))

    @cached_property
    def card_parameters(self) -> BitTables:
        """What the parameters of commands to chip cards say, by class (00 or 80) and instruction."""
        return index_tables(parse_bits(read_catalogue("emv/parameters.toml")))

    @cached_property
    def atr(self) -> AtrTables:
        """Words for answers to reset, and contactless memory cards by name."""
        return read_atr_tables()

    @cached_property
    def pn532(self) -> CodeTables:
        """Commands, errors and marks of the NFC controller PN532."""
        return read_code_tables("reader_codes/pn532.toml")

    @cached_property
    def ccid(self) -> CodeTables:
        """Message types, states and errors of CCID readers."""
        return read_code_tables("reader_codes/ccid.toml")

    @cached_property
    def neo(self) -> CodeTables:
        """Commands and status codes of ID TECH NEO readers."""
        return read_code_tables("reader_codes/neo.toml")

    @cached_property
    def abecs(self) -> CodeTables:
        """Commands, status codes and control characters of ABECS pinpads."""
        return read_code_tables("reader_codes/abecs.toml")

    @cached_property
    def control(self) -> CodeTables:
        """Messages of pinpads that speak control-character frames."""
        return read_code_tables("reader_codes/control.toml")

    @cached_property
    def printer(self) -> PrinterStates:
        """What status bits of ESC/POS printers say."""
        return read_printer_states()
