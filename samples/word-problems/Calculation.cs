namespace WordProblems;

/// <summary>The numbers of one problem and how its answer follows from them, in one step or in two.</summary>
/// <param name="Operations">One or two of <c>+ - * /</c>, applied from left to right.</param>
/// <param name="Numbers">One number more than there are operations.</param>
public sealed record Calculation(string Operations, IReadOnlyList<int> Numbers)
{
    /// <summary>The results of the steps, in order; the last one is the answer.</summary>
    public IReadOnlyList<int> Results { get; } = Solve(Operations, Numbers);

    /// <summary>The answer.</summary>
    public int Answer => Results[^1];

    /// <summary>The steps in writing, for example <c>6 * 4 = 24. 24 - 5 = 19.</c></summary>
    public string Working => string.Join(' ', Enumerable.Range(0, Operations.Length).Select(i => Equation(i) + "."));

    /// <summary>One step in writing, for example <c>6 * 4 = 24</c>.</summary>
    /// <param name="step">Which step, from 0.</param>
    /// <returns>The equation, without a full stop.</returns>
    public string Equation(int step) =>
        $"{(step == 0 ? Numbers[0] : Results[step - 1])} {Operations[step]} {Numbers[step + 1]} = {Results[step]}";

    /// <summary>Draws numbers for the operations: small ones, whole quotients, and never a result below 2.</summary>
    /// <param name="operations">One or two of <c>+ - * /</c>, applied from left to right.</param>
    /// <param name="dice">The source of chance.</param>
    /// <returns>The calculation.</returns>
    public static Calculation Draw(string operations, Dice dice)
    {
        ArgumentNullException.ThrowIfNull(dice);
        var numbers = new List<int>();
        if (operations == "+/")
        {
            // The sum must be divisible: draw the quotient first.
            var (divisor, quotient) = (dice.Between(2, 9), dice.Between(3, 9));
            var second = dice.Between(2, Math.Min(20, (divisor * quotient) - 2));
            return new Calculation(operations, [(divisor * quotient) - second, second, divisor]);
        }

        var oneStep = operations.Length == 1;
        switch (operations[0])
        {
            case '*':
                numbers.AddRange([dice.Between(2, 9), dice.Between(2, 9)]);
                break;
            case '/':
                var divisor = dice.Between(2, 9);
                numbers.AddRange([divisor * dice.Between(oneStep ? 2 : 4, 9), divisor]);
                break;
            case '+':
                numbers.AddRange([dice.Between(2, oneStep ? 60 : 40), dice.Between(2, 20)]);
                break;
            default:
                var taken = dice.Between(2, 20);
                numbers.AddRange([dice.Between(taken + (oneStep ? 2 : 4), oneStep ? 80 : 60), taken]);
                break;
        }

        if (!oneStep)
        {
            var before = Solve(operations[..1], numbers)[0];
            numbers.Add(dice.Between(2, operations[1] == '-' ? Math.Min(20, before - 2) : 20));
        }

        return new Calculation(operations, numbers);
    }

    private static List<int> Solve(string operations, IReadOnlyList<int> numbers)
    {
        var results = new List<int>();
        var value = numbers[0];
        for (var i = 0; i < operations.Length; i++)
        {
            var next = numbers[i + 1];
            value = operations[i] switch
            {
                '+' => value + next,
                '-' => value - next,
                '*' => value * next,
                '/' when value % next == 0 => value / next,
                _ => throw new ArgumentException($"'{value} {operations[i]} {next}' has no whole result.", nameof(operations)),
            };
            results.Add(value);
        }

        return results;
    }
}
