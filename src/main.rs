//! The `firebell` program: hands its arguments to [`firebell::cli`] and exits with the code that
//! verb returns.

use std::process::ExitCode;

fn main() -> ExitCode {
    firebell::cli::run()
}
