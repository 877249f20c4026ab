import { expect, test } from "vitest";
import { readSearches, shelved } from "./kept.ts";
import { limitsOf, namesOf, seesOf } from "./roles.ts";

test("what a key sees is said in words", () => {
  expect(seesOf(undefined)).toBe("everything");
  expect(seesOf({ user: "ann" })).toBe("events of the user ann");
  expect(seesOf({ agents: ["a", "b"], teams: ["red"] })).toBe("events of the agents a, b, and of the team red");
  expect(seesOf({})).toBe("nothing");
});

test("a limit is for viewers, and of one kind", () => {
  expect(namesOf(" a, b ,,a")).toEqual(["a", "b"]);
  expect(limitsOf("viewer", "user", " ann ")).toEqual({ user: "ann" });
  expect(limitsOf("viewer", "teams", "red, blue")).toEqual({ teams: ["red", "blue"] });
  expect(limitsOf("viewer", "none", "ann")).toEqual({});
  expect(limitsOf("admin", "user", "ann")).toEqual({});
});

test("what stands on both is the server's", () => {
  expect(shelved({ b: "server" }, { a: "here", b: "here" })).toEqual({ a: { text: "here", shared: false }, b: { text: "server", shared: true } });
});

test("of a file of searches only parameters get in", () => {
  expect(readSearches('{"x":"q=a b&mode=sql#frag"}')).toEqual({ x: "q=a+b&mode=sql%23frag" });
  expect(readSearches("[1]")).toMatch(/no list/);
  expect(readSearches("{")).toMatch(/no JSON/);
  expect(readSearches('{"x":1}')).toMatch(/no search/);
});
