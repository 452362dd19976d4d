"""Import contracts of our own for import-linter; see .importlinter."""

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class DoorsContract(Contract):
    """A package of `container` is used from outside through its doors alone.

    `doors` are modules anyone may import; a line of `private_doors` reads `importer -> door`; whoever is in
    `insiders` puts the house together and may go anywhere.
    """

    type_name = "doors"

    # The linter replaces each field by its value.
    container: Any = fields.StringField()
    doors: Any = fields.SetField(subfield=fields.StringField())
    private_doors: Any = fields.SetField(subfield=fields.StringField(), required=False, default=set())
    insiders: Any = fields.SetField(subfield=fields.StringField(), required=False, default=set())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at every import that crosses into one of the packages."""
        breaches = sorted(
            (importer, module)
            for package in graph.find_children(self.container)
            for module in (package, *graph.find_descendants(package))
            for importer in graph.find_modules_that_directly_import(module)
            if not _inside(importer, package) and not self._allowed(importer, module, package)
        )
        return ContractCheck(kept=not breaches, metadata={"breaches": breaches})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name every import that takes no door."""
        for importer, module in check.metadata["breaches"]:
            output.print_error(f"- {importer} -> {module}", bold=False)
        output.new_line()

    def _allowed(self, importer: str, module: str, package: str) -> bool:
        if any(_inside(importer, insider) for insider in self.insiders):
            return True
        door = module.removeprefix(package).strip(".").partition(".")[0]
        private = (rule.split(" -> ") for rule in self.private_doors)
        return door in self.doors or any(door == name and _inside(importer, whose) for whose, name in private)


def _inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
