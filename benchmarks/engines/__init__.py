"""One module per engine; its functions are the stages that it can do, each from files to files in one folder."""
