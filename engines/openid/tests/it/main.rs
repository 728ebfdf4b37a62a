//! The endpoints and the façade against a real database, asked as applications ask.

mod algorithms;
mod clients;
mod elsewhere;
mod holder;
mod logout;
mod proofs;
mod sign_in;
mod tokens;
mod town;
