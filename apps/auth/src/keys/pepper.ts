/** Injection token of the pepper under which keys are digested. */
export const KEY_PEPPER = Symbol('KEY_PEPPER');
