"""Reading runs, scoring them, drawing them and writing the report."""
