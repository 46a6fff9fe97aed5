"""Reports: `Results` to typed view models (`models`), to HTML (`render`)."""
