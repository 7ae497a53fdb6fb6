"""The writers of typed documents, one module for each language, and the model of the schemas that they share."""
