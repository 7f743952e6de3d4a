//! The configuration file `firebell.yaml`: strict, layered (flag, environment, file, default), secrets never printed.
