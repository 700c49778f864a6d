using ResLora.Experiments.Configuration;

namespace ResLora.Experiments.Analyzing;

/// <summary>The section <c>analyze</c>, which a run's file may have for <c>reslora analyze</c> (docs/analyze.md).</summary>
public sealed record AnalyzeSettings : ICheckedConfig
{
    private const int LeastSteps = 2;
    private const int MostSteps = 1000;

    /// <summary>
    /// The arms by name, of those that <c>compare</c> calls <c>paper</c>: lora, lora-2alpha, lora-rankN, input, block and middle. Default:
    /// LoRA and the three shortcuts.
    /// </summary>
    public IReadOnlyList<string> Arms { get; init; } = ["lora", "input", "block", "middle"];

    /// <summary>
    /// At how many steps a run is measured, spread evenly over it: before the first, after the last, and between them. Default 10.
    /// </summary>
    public int Steps { get; init; } = 10;

    /// <summary>
    /// How many held-out samples it is measured on, the same at every step and in every arm; one batch. Default 8.
    /// </summary>
    public int Samples { get; init; } = 8;

    /// <inheritdoc />
    public IEnumerable<string> Problems()
    {
        if (Arms.Count == 0)
        {
            yield return "arms is empty; name one or more, such as [lora, input]";
        }

        foreach (var name in Arms.GroupBy(name => name, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            yield return $"arms has '{name.Key}' more than once";
        }

        if (Steps is < LeastSteps or > MostSteps)
        {
            yield return $"steps is {Steps}; it must be from {LeastSteps} to {MostSteps}";
        }

        if (Samples < 1)
        {
            yield return $"samples is {Samples}; it must be 1 or more";
        }
    }
}
