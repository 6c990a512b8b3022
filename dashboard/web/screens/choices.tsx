/** A few exclusive choices shown side by side: real radio buttons, drawn as one bar. */
import type { Signal } from '@preact/signals';

export type Choice<T extends string> = readonly [value: T, label: string];

interface Props<T extends string> {
  name: string;
  label: string;
  value: Signal<T>;
  choices: readonly Choice<T>[];
}

export function Choices<T extends string>({ name, label, value, choices }: Props<T>) {
  return (
    <fieldset class="choices">
      <legend>{label}</legend>
      <div class="choices-bar">
        {choices.map(([choice, words]) => (
          <label key={choice}>
            <input
              type="radio"
              name={name}
              value={choice}
              checked={value.value === choice}
              onChange={() => {
                value.value = choice;
              }}
            />
            <span>{words}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
