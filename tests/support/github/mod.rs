//! An in-memory GitHub: one stateful model behind a local HTTP server, with real git repositories.
//!
//! ```text
//! driver, events, views   what people and tests do: push, label, merge, deliver an event, read a comment
//! server                  HTTP: authentication, routes, faults, the log of calls
//! pulls reviews comments labels people statuses commits settings graphql git_backend      the routes
//! payloads                responses, with every field that GitHub's OpenAPI description requires
//! model, clock, git       what is remembered
//! ```
//!
//! It is strict: a route or a GraphQL field that it does not know, and a comment of a bot that no assertion has read,
//! fail the test when the [`World`] is dropped.
//!
//! Responses follow <https://github.com/github/rest-api-description>, not what our client happens to read.

mod clock;
mod comments;
mod commits;
mod driver;
mod events;
mod git;
mod git_backend;
mod graphql;
mod labels;
mod merge;
mod model;
mod payloads;
mod people;
mod pulls;
mod reply;
mod reviews;
mod routes;
mod server;
mod settings;
mod statuses;
mod views;
mod world;

pub use driver::{Refused, RepoDriver};
pub use events::Event;
pub use merge::Method;
pub use model::{Access, Permissions, Role, Scope, Visibility};
pub use reply::Fault;
pub use routes::templates;
pub use server::{Exchange, LoggedCall};
pub use settings::{Branches, Environment, Settings};
pub use views::{CommentView, StatusView, ThreadView};
pub use world::World;
