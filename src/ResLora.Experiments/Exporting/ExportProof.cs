using System.Globalization;
using System.Text.Json.Serialization;
using ResLora.Experiments.Workloads;
using ResLora.Formats;
using ResLora.Models;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting;

/// <summary>What was read back from an export, held against what was exported, on the same prompts.</summary>
/// <param name="File">What was read back.</param>
/// <param name="Type">How its weights are stored.</param>
/// <param name="Predictions">How many predictions were compared: of next tokens, or one a text or picture.</param>
/// <param name="MaxLogitDifference">The largest absolute difference of two logits.</param>
/// <param name="LargestLogit">The largest absolute logit of what was exported.</param>
/// <param name="Tolerance">The largest difference allowed for this type, as a share of the largest logit (or of 1).</param>
/// <param name="MeanKl">Mean Kullback-Leibler divergence of the export's predictions, in nats a prediction; 0 for scores and for
/// what is said of pictures' noise, which are values and no choice.</param>
/// <param name="TopOneAgreement">The share of predictions where both rate the same token or label highest, 0 to 1; not a number for
/// scores and for what is said of pictures' noise.</param>
/// <param name="WeightError">The largest difference of a stored number, as a share of what rounding to its type may cause; above 1 is
/// wrong.</param>
/// <param name="WorstWeight">The tensor that it is in.</param>
/// <param name="Prompts">How many prompts were encoded again with the export's own tokenizer; 0 when it brings none.</param>
/// <param name="PromptsDiffering">How many of them got other ids.</param>
public sealed record ExportProof(
    string File,
    ExportType Type,
    long Predictions,
    double MaxLogitDifference,
    double LargestLogit,
    double Tolerance,
    double MeanKl,
    double TopOneAgreement,
    double WeightError,
    string WorstWeight,
    int Prompts,
    int PromptsDiffering)
{
    /// <summary>Whether values are predicted, such as scores or the noise in a picture; else one of several tokens or labels is.</summary>
    [JsonIgnore]
    public bool IsOfValues => double.IsNaN(TopOneAgreement);

    /// <summary>What the read model's head predicts that the exported one's does not, a phrase; null when they are alike.</summary>
    public string? HeadDifference { get; init; }

    /// <summary>Why the export is not what was exported, a phrase each; empty when the proof holds.</summary>
    /// <returns>The phrases.</returns>
    public IEnumerable<string> Faults()
    {
        // Written so that a NaN is a fault.
        if (!(WeightError <= 1))
        {
            yield return Text($"'{WorstWeight}' differs by {WeightError:0.0} times what storing it as {Type.Name()} explains");
        }

        if (!(MaxLogitDifference <= Tolerance * Math.Max(1, LargestLogit)))
        {
            yield return Text($"{(IsOfValues ? "an output" : "a logit")} differs by {MaxLogitDifference:0.0e+0} where the largest is {LargestLogit:0.0} ({Tolerance:0.0e+0} of it is allowed for {Type.Name()})");
        }

        if (HeadDifference is { } difference)
        {
            yield return difference;
        }

        if (PromptsDiffering > 0)
        {
            yield return $"{PromptsDiffering} of {Prompts} prompts get other token ids than in training";
        }
    }

    /// <summary>Makes the comparison.</summary>
    internal static ExportProof Of(
        ExportGraph graph, ExportedModel exported, IReadOnlyList<IExample> examples, IReadOnlyList<string> prompts)
    {
        var logits = new Logits(WorkloadRegistry.Of(graph.Session.Model, graph.Source.ModelFolder));
        var weights = (Error: 0.0, Name: "");
        graph.WithMerged(model =>
        {
            weights = Weights(model, exported);
            foreach (var example in examples)
            {
                logits.Compare(model, exported.Model, example);
            }
        });
        var replays = exported.Replay is { } replay ? prompts.Select(replay).ToArray() : [];
        return new ExportProof(
            exported.Name, exported.Type, logits.Count, logits.Difference, logits.Largest, ExportTolerance.OfLogits(exported.Type),
            graph.Source.MakesPictures ? 0 : Math.Max(0, logits.Divergence / logits.Count), HasNoChoice(graph) ? double.NaN : (double)logits.Agreeing / logits.Count, weights.Error, weights.Name,
            replays.Length, replays.Count(r => !r.IsEqual))
        {
            HeadDifference = Difference(graph.Source.Head, exported.Model.Head),
        };
    }

    /// <summary>Whether what the model says is no choice among words or labels.</summary>
    private static bool HasNoChoice(ExportGraph graph) => graph.Source.MakesPictures || graph.Source.Head is { Kind: ModelHeadKind.Score };

    private static string? Difference(ModelHead? expected, ModelHead? found) =>
        expected?.Kind == found?.Kind && (expected?.Labels ?? []).SequenceEqual(found?.Labels ?? [])
        ? null
        : $"the head predicts {Text(found)}, and {Text(expected)} was exported";

    private static string Text(ModelHead? head) => head switch
    {
        null => "next tokens",
        { Kind: ModelHeadKind.MaskedTokens } => "masked tokens",
        { Kind: ModelHeadKind.Score } => $"the score {head.Labels[0]}",
        _ => $"the labels {string.Join(", ", head.Labels)}",
    };

    private static (double Error, string Name) Weights(Network expected, ExportedModel exported)
    {
        var stored = exported.Model.named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);
        var worst = (Error: 0.0, Name: "");
        foreach (var (name, parameter) in expected.named_parameters())
        {
            using var scope = NewDisposeScope();
            if (!stored.TryGetValue(name, out var found) || !found.shape.SequenceEqual(parameter.shape))
            {
                return (double.PositiveInfinity, name);
            }

            var allowed = exported.Slack.Count == 0
                ? ExportTolerance.OfWeights(parameter, exported.Type)
                : exported.Slack.TryGetValue(name, out var slack)
                    ? ExportTolerance.OfWeights(parameter, ExportType.F32) + slack
                    : ExportTolerance.OfWeights(parameter, ExportType.F32);
            var error = (double)((found - parameter).abs() / allowed).max().item<float>();
            if (!(error <= worst.Error))
            {
                worst = (error, name);
            }
        }

        return worst;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class Logits(Workload workload)
    {
        public long Count { get; private set; }

        public double Difference { get; private set; }

        public double Largest { get; private set; }

        public double Divergence { get; private set; }

        public long Agreeing { get; private set; }

        public void Compare(Network expected, Network exported, IExample example)
        {
            using var scope = NewDisposeScope();
            var wanted = workload.Outputs(expected, example);
            wanted = wanted.reshape(-1, wanted.shape[^1]);                                    // [1, T, V] or [1, N] -> [T, V] or [1, N]
            var found = workload.Outputs(exported, example).reshape(wanted.shape);            // the same
            var difference = (double)(wanted - found).abs().max().item<float>();
            Difference = difference <= Difference ? Difference : difference;
            Largest = Math.Max(Largest, wanted.abs().max().item<float>());
            var (p, q) = (wanted.log_softmax(-1), found.log_softmax(-1));                     // [T, V] or [1, N]
            Divergence += (p.exp() * (p - q)).sum().item<float>();
            Agreeing += wanted.argmax(-1).eq(found.argmax(-1)).sum().item<long>();
            Count += wanted.shape[0];
        }
    }
}
