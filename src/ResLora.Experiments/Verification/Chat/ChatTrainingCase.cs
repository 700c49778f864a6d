using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Text.Data;
using ResLora.Text.Data.Tasks;
using ResLora.Training;
using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Chat;

/// <summary>
/// Steps of training on conversations: which tokens are learnt, the loss and the gradients' norm of each step, and the adapter after them.
/// </summary>
internal static class ChatTrainingCase
{
    public static CaseReport Run(string name, string folder)
    {
        using var scope = NewDisposeScope();
        using var json = CheckedJson.Read(Path.Combine(folder, "case.json"));
        using var wanted = CheckedJson.Read(Path.Combine(folder, "expected.json"));
        var (settings, tolerance) = (json.RootElement.GetProperty("training"), json.RootElement.GetProperty("tolerance"));
        var expected = wanted.RootElement;
        using var session = ModelSession.Load(ChatCases.ModelOf(folder, json.RootElement), Path.Combine(folder, "adapter_before"), float32);
        var samples = Samples(session, Path.Combine(folder, "train.jsonl"));
        var quantities = new List<Quantity>();
        Compare(quantities, "tokens", expected, [.. samples.Select(sample => (double)sample.Ids.Length)], 0);
        Compare(quantities, "trained", expected, [.. samples.Select(sample => (double)sample.TrainedTokens)], 0);

        var rows = settings.GetProperty("rows_per_step").GetInt32();
        session.Model.train();
        var (losses, norms) = GivenSteps.Run(
            session.Adapter!.TrainableParameters(),
            GivenSteps.ConfigOf(settings, "learning_rate"),
            _ => 1,
            settings.GetProperty("steps").GetInt32(),
            step => MeanLoss(session, [.. Enumerable.Range(0, rows).Select(row => samples[((rows * step) + row) % samples.Count])]));
        Compare(quantities, "losses", expected, losses, tolerance.GetProperty("losses").GetDouble());
        Compare(quantities, "gradient_norms", expected, norms, tolerance.GetProperty("gradient_norms").GetDouble());
        CompareAdapter(
            quantities, session, Path.Combine(folder, "adapter_after"), settings.GetProperty("learning_rate").GetDouble(),
            tolerance.GetProperty("adapter_after").GetDouble());
        return ChatCases.Report(name, quantities, []);
    }

    private static IReadOnlyList<TokenizedSample> Samples(ModelSession session, string path)
    {
        var encoder = ChatCases.EncoderOf(session);
        return
        [
            .. TaskRegistry.Get(ChatTask.TaskName).Read(path, TaskSplit.Train)
                .Select(sample => encoder.Encode(sample.Conversation!, session.Causal.MaxPositions).Samples)
                .Select(written => written is [var only]
                    ? only
                    : throw new FileFormatException($"{path}: a row became {written.Count} samples, and a case has one for each.")),
        ];
    }

    private static Tensor MeanLoss(ModelSession session, IReadOnlyList<TokenizedSample> samples)
    {
        using var batch = TokenBatch.Collate(samples, session.Tokenizer.PadId ?? 0, CPU);
        return TokenLoss.Sum(session.Causal, batch) / batch.Targets.numel();
    }

    private static void Compare(List<Quantity> quantities, string key, JsonElement expected, double[] got, double tolerance)
    {
        double[] wanted = [.. expected.GetProperty(key).EnumerateArray().Select(number => number.GetDouble())];
        for (var i = 0; i < wanted.Length; i++)
        {
            var difference = i < got.Length ? Math.Abs(got[i] - wanted[i]) : double.PositiveInfinity;
            quantities.Add(new Quantity($"{key}.{i}", key == "gradient_norms" ? difference / Math.Abs(wanted[i]) : difference, tolerance));
        }
    }

    private static void CompareAdapter(List<Quantity> quantities, ModelSession session, string path, double rate, double tolerance)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var after = ModelSession.Load(session.ModelFolder, path, float32);
        var expected = after.Adapter!.BlockParameters().ToDictionary();
        foreach (var (name, parameter) in session.Adapter!.BlockParameters())
        {
            var difference = expected.TryGetValue(name, out var value)
                ? TrainedDifference.Of(parameter, value, rate)
                : double.PositiveInfinity;
            quantities.Add(new Quantity(name, difference, tolerance));
        }
    }
}
