//! The imperative shell and the only writer: executor, dispatcher, ticker, library, directory.
