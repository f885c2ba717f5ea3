//! The vocabulary: values only, no I/O, nothing of ours imported.

mod approval;
mod audit;
mod change;
mod digest;
mod file;
mod migration;
mod name;
mod outcome;
mod pull_request;
mod request;
mod route;
mod secret;
mod table;
mod text;
mod verifier_key;
mod violation;

pub use approval::*;
pub use audit::*;
pub use change::*;
pub use digest::*;
pub use file::*;
pub use migration::*;
pub use name::*;
pub use outcome::*;
pub use pull_request::*;
pub use request::*;
pub use route::*;
pub use secret::*;
pub use table::*;
pub use text::*;
pub use verifier_key::*;
pub use violation::*;
