using System.Globalization;
using System.Text.Json;
using ResLora.Experiments.Sharing;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Comparing;

/// <summary>What a run logged: every step and every evaluation.</summary>
/// <param name="Steps">The steps in order.</param>
/// <param name="Evaluations">The evaluations in order: steps done, and results by name.</param>
/// <param name="Unit">What the steps count what they read in, a plural such as tokens.</param>
internal sealed record RunTrace(
    IReadOnlyList<TracedStep> Steps, IReadOnlyList<(int Step, IReadOnlyDictionary<string, double> Metrics)> Evaluations, string Unit)
{
    private const int Part = 20;
    private static readonly string[] _known = ["step", "loss", "learning_rate", "gradient_norm", "seconds", "shortcut_weight"];

    /// <summary>How much was read in all.</summary>
    public double Count => Steps.Sum(step => step.Count);

    /// <summary>
    /// The mean loss of all steps: the sooner a run learns, the lower it is. The batches' own differences, which arms of a seed have in
    /// common, fall out of it, while they decide what single steps show.
    /// </summary>
    public double MeanLoss => Steps.Average(step => step.Loss);

    /// <summary>How long the steps took, in seconds, evaluations not counted.</summary>
    public double Seconds => Steps.Sum(step => step.Seconds);

    /// <summary>The results of the last evaluation.</summary>
    public IReadOnlyDictionary<string, double> LastMetrics =>
        Evaluations is [.., var last] ? last.Metrics : new Dictionary<string, double>();

    /// <summary>What was read in each step and when it was evaluated, as a digest: equal for runs that saw the same.</summary>
    public string Digest => ContentDigest.OfText(
        string.Join(' ', Steps.Select(step => step.Count.ToString(CultureInfo.InvariantCulture)))
        + "|" + string.Join(' ', Evaluations.Select(evaluation => evaluation.Step)));

    /// <summary>How many steps a mean is taken over.</summary>
    public int Window => Math.Max(1, Steps.Count / Part);

    /// <summary>The mean loss over a twentieth of the run up to each step; over less at its start.</summary>
    public double[] Smoothed()
    {
        var window = Window;
        var (means, sum) = (new double[Steps.Count], 0.0);
        for (var i = 0; i < means.Length; i++)
        {
            sum += Steps[i].Loss - (i >= window ? Steps[i - window].Loss : 0);
            means[i] = sum / Math.Min(i + 1, window);
        }

        return means;
    }

    /// <summary>Reads metrics.jsonl.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="FileFormatException">It is missing, or a line is no line of a run.</exception>
    public static RunTrace Read(string file)
    {
        if (!File.Exists(file))
        {
            throw new FileFormatException($"'{file}' is missing; is its folder that of a finished run?");
        }

        var (steps, evaluations, unit) = (new List<TracedStep>(), new List<(int, IReadOnlyDictionary<string, double>)>(), "tokens");
        foreach (var line in File.ReadLines(file))
        {
            try
            {
                using var json = JsonDocument.Parse(line);
                var values = json.RootElement.EnumerateObject().ToDictionary(value => value.Name, value => Number(value.Value));
                var step = (int)values["step"];
                if (values.TryGetValue("loss", out var loss))
                {
                    unit = values.Keys.FirstOrDefault(name => !_known.Contains(name)) ?? unit;
                    steps.Add(new TracedStep(step, loss, values.GetValueOrDefault(unit), values["seconds"]));
                }
                else
                {
                    evaluations.Add((step, values.Where(value => value.Key != "step").ToDictionary()));
                }
            }
            catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new FileFormatException($"'{file}' has a line that is none of a run's: {line[..Math.Min(line.Length, 80)]}", error);
            }
        }

        return steps.Count > 0
            ? new RunTrace(steps, evaluations, unit)
            : throw new FileFormatException($"'{file}' has no step; is the run done?");
    }

    private static double Number(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture)
        : value.GetDouble();
}
