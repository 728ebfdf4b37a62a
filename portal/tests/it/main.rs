//! All pages together: words, doors, addresses, and what people do with them.

mod accounts;
mod api;
mod calendar_api;
mod citizen;
mod desk;
mod doors;
mod office;
mod offices;
mod own_data;
mod people;
mod place_names;
mod places;
mod registers;
mod registers_approval;
mod registers_drawing;
mod registers_files;
mod registers_quality;
mod town;
mod watching;
