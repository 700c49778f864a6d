using System.Text.Json;
using ResLora.Formats.Gguf;
using ResLora.Formats.Json;
using ResLora.Tensors.Gguf;
using ResLora.Tensors.Safetensors;
using ResLora.Text.Data.Chat;
using ResLora.Training;
using ResLora.Training.Generation;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Chat;

/// <summary>A chat model in one file: its values, its tokenizer, its template, and what it says of conversations.</summary>
internal static class ChatCase
{
    // Below it the order of sums may decide which token is the best.
    private const double SmallestGap = 0.02;

    public static CaseReport Run(string name, string folder)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var json = CheckedJson.Read(Path.Combine(folder, "case.json"));
        using var expected = SafetensorsReader.Open(Path.Combine(folder, "expected.safetensors"));
        var model = ChatCases.ModelOf(folder, json.RootElement);
        var tolerance = json.RootElement.GetProperty("tolerance").Deserialize<Dictionary<string, double>>()!;
        using var session = ModelSession.Load(model, dtype: float32);
        var quantities = new List<Quantity>();
        quantities.AddRange(Rows(model, expected, tolerance["rows"]));
        quantities.AddRange(Tokens(session, Path.Combine(folder, "tokenizer.jsonl")));
        var encoder = ChatCases.EncoderOf(session);
        foreach (var (line, at) in ChatCases.Lines(Path.Combine(folder, "chat.jsonl")).Select((line, at) => (line, at)))
        {
            quantities.AddRange(Line(session, encoder, line, at, expected, tolerance));
        }

        return ChatCases.Report(name, quantities, []);
    }

    /// <summary>Rows of tensors as the file has them, equal to the bit.</summary>
    private static IEnumerable<Quantity> Rows(string model, SafetensorsReader expected, double tolerance)
    {
        var places = JsonSerializer.Deserialize<Dictionary<string, long[]>>(expected.Metadata["rows"])!;
        using var file = GgufFile.Open(model);
        foreach (var (tensor, place) in places)
        {
            using var scope = NewDisposeScope();
            var (got, wanted) = (file.Read(tensor)[(int)place[0]..(int)place[1]].to(float32), expected.Read($"rows.{tensor}"));
            var isEqual = got.contiguous().bytes.SequenceEqual(wanted.contiguous().bytes);
            yield return new Quantity($"rows.{tensor}", isEqual ? 0 : (got - wanted).abs().max().item<float>(), tolerance);
        }
    }

    private static IEnumerable<Quantity> Tokens(ModelSession session, string path)
    {
        foreach (var (line, at) in (File.Exists(path) ? ChatCases.Lines(path) : []).Select((line, at) => (line, at)))
        {
            var (text, ids, decoded) = (line.GetProperty("text").GetString()!, Ids(line, "ids"), line.GetProperty("decoded").GetString());
            yield return Exact($"tokenizer.{at}.ids", session.Tokenizer.Encode(text, addSpecialTokens: false).SequenceEqual(ids));
            yield return Exact($"tokenizer.{at}.decoded", session.Tokenizer.Decode(ids) == decoded);
        }
    }

    private static IEnumerable<Quantity> Line(
        ModelSession session, ChatEncoder encoder, JsonElement line, int at, SafetensorsReader expected,
        Dictionary<string, double> tolerance)
    {
        var messages = line.GetProperty("messages").EnumerateArray();
        var conversation = new Conversation(
            [.. messages.Select(message => new ChatMessage(message.GetProperty("role").GetString()!, message))]);
        var text = encoder.Write(conversation, asksForAnswer: !conversation.Messages[^1].IsAssistant);
        yield return Exact($"text.{at}", text == line.GetProperty("text").GetString());
        var ids = Ids(line, "ids");
        yield return Exact($"ids.{at}", session.Tokenizer.EncodeChat(text).SequenceEqual(ids));
        using var logits = Logits(session, ids);   // [T, V]
        var wantedLosses = line.GetProperty("nll").Deserialize<double[]>()!;
        yield return new Quantity($"nll.{at}", Furthest(logits, ids, wantedLosses), tolerance["nll"]);
        if (expected.Entries.ContainsKey($"logits.{at}"))
        {
            using var wanted = expected.Read($"logits.{at}");
            using var difference = (logits[-1] - wanted).abs().max() / wanted.abs().max();
            yield return new Quantity($"logits.{at}", difference.item<float>(), tolerance["logits"]);
        }

        if (line.TryGetProperty("greedy_text", out var greedy) && line.GetProperty("smallest_gap").GetDouble() >= SmallestGap)
        {
            // One more than there are: the answer has to end by itself.
            var most = new GenerationConfig { MaxNewTokens = line.GetProperty("greedy").GetArrayLength() + 1 };
            var said = new TextGenerator(session.Causal, session.Tokenizer) { Chat = encoder }.GenerateBatch([text], most)[0];
            yield return Exact($"greedy.{at}", said == greedy.GetString());
        }
    }

    private static Tensor Logits(ModelSession session, int[] ids)
    {
        using var scope = NewDisposeScope();
        session.Model.eval();
        var input = tensor(ids.Select(id => (long)id).ToArray()).unsqueeze(0);               // [1, T]
        var hidden = session.Causal.Hidden(input, null).squeeze(0);                          // [1, T, D] -> [T, D]
        return session.Causal.Logits(hidden).to(float32).MoveToOuterDisposeScope();          // [T, D] -> [T, V]
    }

    private static double Furthest(Tensor logits, int[] ids, double[] wanted)
    {
        using var scope = NewDisposeScope();
        var next = tensor(ids.Skip(1).Select(id => (long)id).ToArray()).unsqueeze(1);        // [T - 1, 1]
        var got = -nn.functional.log_softmax(logits[..^1], 1).gather(1, next).squeeze(1);    // [T - 1]
        return got.shape[0] == wanted.Length ? (got.to(float64) - tensor(wanted)).abs().max().item<double>() : double.PositiveInfinity;
    }

    private static int[] Ids(JsonElement line, string key) => line.GetProperty(key).Deserialize<int[]>()!;

    private static Quantity Exact(string name, bool isEqual) => new(name, isEqual ? 0 : double.PositiveInfinity, 0);
}
