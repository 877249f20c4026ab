//! Whole logs of made-up observations: any order, any cut, and a naive model beside.

mod cases;
mod naive;
mod scene;
