using ResLora.Formats.Errors;

namespace ResLora.Training.Loop;

/// <summary>The best evaluation so far, by one metric.</summary>
/// <param name="name">The metric's name.</param>
internal sealed class BestEvaluation(string name)
{
    /// <summary>The best value; null before the first evaluation.</summary>
    public double? Value { get; private set; }

    /// <summary>After how many steps it was reached.</summary>
    public int Step { get; private set; }

    /// <summary>Evaluations since then.</summary>
    public int EvaluationsSince { get; private set; }

    /// <summary>Takes in an evaluation.</summary>
    /// <returns>Whether it is the best so far; a value that is not a number never is.</returns>
    /// <exception cref="ConfigException">The evaluation has no such metric.</exception>
    public bool Offer(int step, IReadOnlyDictionary<string, double> metrics)
    {
        if (!metrics.TryGetValue(name, out var value))
        {
            throw new ConfigException(
                $"train.bestMetric is '{name}', and the evaluation gives {string.Join(", ", metrics.Keys)}.{NearestName.Suggestion(name, metrics.Keys)}");
        }

        var better = !double.IsNaN(value) && (Value is not { } best || (TrainConfig.IsBetterSmall(name) ? value < best : value > best));
        if (better)
        {
            Restore(value, step, 0);
        }
        else
        {
            EvaluationsSince++;
        }

        return better;
    }

    public void Restore(double? value, int step, int evaluationsSince) => (Value, Step, EvaluationsSince) = (value, step, evaluationsSince);
}
