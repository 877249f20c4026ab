//! Whole logs of made-up observations: any order, any cut, and a naive model beside.

mod background;
mod beside;
mod cases;
mod dice;
mod floods;
mod gemini;
mod gemini_at_once;
mod gemini_models;
mod gemini_orders;
mod gemini_overlap;
mod given_again;
mod interrupted;
mod long_sessions;
mod models;
mod naive;
mod nests;
mod own_words;
mod processes;
mod reports;
mod roots;
mod same_id;
mod scene;
mod states;
mod streamed;
mod sub_agents;
mod tools_twice;
