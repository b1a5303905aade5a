import { takeTurns } from "../contender.ts";
import { contenderFor } from "../contender_for.ts";
import { chooseLoadTool } from "../load_tool.ts";
import {
  askRightly,
  EMAIL_QUESTION,
  LISTING_QUESTION,
  type Question,
  REFUSED_QUESTION,
} from "../metadata_request.ts";
import { startProgramOnNode } from "../running_program.ts";
import type { Figure, Scenario, Setup } from "../scenario.ts";
import { turnFigures } from "../turn_figures.ts";
import { turnSeconds } from "../turn_seconds.ts";
import { USUAL_NODE } from "../usual_node.ts";

/** What else a pod is answered for which nobody has to be asked. */
export const OTHER_ANSWER_SCENARIOS: readonly Scenario[] = [
  {
    name: "email",
    about: "The e-mail of the pod's account, 16 connections",
    measure: (setup) =>
      measure(setup, {
        title: "E-mail, 16 connections",
        question: EMAIL_QUESTION,
      }),
  },
  {
    name: "listing",
    about: "All of the pod's account as JSON, 16 connections",
    measure: (setup) =>
      measure(setup, {
        title: "Listing, 16 connections",
        question: LISTING_QUESTION,
      }),
  },
  {
    name: "refusal",
    about: "A token that the namespace does not allow, 16 connections",
    measure: (setup) =>
      measure(setup, {
        title: "Refusal, 16 connections",
        question: REFUSED_QUESTION,
        // No namespace has an allow-list under this key.
        flags: ["--namespace-key=example.com/no-such-key"],
      }),
  },
];

interface Asked {
  readonly title: string;
  readonly question: Question;
  readonly flags?: readonly string[];
}

async function measure(
  setup: Setup,
  { title, question, flags = [] }: Asked,
): Promise<readonly Figure[]> {
  await using program = await startProgramOnNode(setup.program, USUAL_NODE, {
    flags,
  });
  await askRightly(program.port, question);
  const [turns = []] = await takeTurns(
    [contenderFor(program, { name: "The program", question })],
    {
      tool: await chooseLoadTool(),
      rounds: setup.rounds,
      seconds: turnSeconds(setup),
    },
  );
  await askRightly(program.port, question);
  return turnFigures(title, turns);
}
