"""The command line as values: verbs, their options and arguments. What is generated from it is never out of date."""

from gitseq.model import Record

STAGES, HOOKS, GROUPS, FILES, FOLDERS, COMMANDS = "stages", "hooks", "groups", "files", "folders", "commands"

_BY_METAVAR = {
    "STAGE": (STAGES,),
    "STAGE | HOOK-ID": (STAGES, HOOKS),
    "HOOK-ID": (HOOKS,),
    "ID": (HOOKS,),
    "G": (GROUPS,),
    "GROUP": (GROUPS,),
    "F": (FILES,),
    "FILE": (FILES,),
    "FOLDER": (FOLDERS,),
    "COMMAND": (COMMANDS,),
    "-- COMMAND": (COMMANDS,),
}


class Argument(Record):
    """An option, or an argument by position."""

    flags: tuple[str, ...] = ()
    """Such as `-a`, `--all-files`; none for an argument by position."""
    value: str = ""
    """What stands for its value, such as FILE; '' for an option that takes none."""
    help: str = ""
    choices: tuple[str, ...] = ()
    repeats: bool = False
    """Takes any number of values."""
    optional: bool = True

    @property
    def kinds(self) -> tuple[str, ...]:
        """What its values are, as far as a shell can be told."""
        return () if self.choices else _BY_METAVAR.get(self.value, ())


class Verb(Record):
    """One verb, or (`cache clear`) a part of one."""

    name: str
    help: str
    description: str
    arguments: tuple[Argument, ...]
    epilog: str = ""

    @property
    def options(self) -> tuple[Argument, ...]:
        """Those with flags."""
        return tuple(one for one in self.arguments if one.flags)

    @property
    def positional(self) -> tuple[Argument, ...]:
        """Those without."""
        return tuple(one for one in self.arguments if not one.flags)
