"""The operations of the language, one record each, a module for each family; see `matcalc.operation`."""
