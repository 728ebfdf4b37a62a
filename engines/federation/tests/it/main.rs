//! The façade against a real database and the simulator of the national side, spoken to over the network as the real ones are.

mod journeys;
mod links;
mod people;
mod town;
mod words;
