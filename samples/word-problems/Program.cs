using System.Text.Encodings.Web;
using System.Text.Json;
using WordProblems;

// Writes pretrain.jsonl, train.jsonl and heldout.jsonl; the README beside this file says what each is for.
var options = new Dictionary<string, string>
{
    ["--output"] = "samples/word-problems/data",
    ["--seed"] = "1",
    ["--pretrain"] = "40000",
    ["--train"] = "4000",
    ["--heldout"] = "400",
};
for (var i = 0; i < args.Length; i += 2)
{
    if (!options.ContainsKey(args[i]) || i + 1 == args.Length)
    {
        Console.Error.WriteLine($"'{args[i]}' is not an option followed by a value. Options: {string.Join(", ", options.Keys)}.");
        return 2;
    }

    options[args[i]] = args[i + 1];
}

int[] counts = [Count("--pretrain"), Count("--train"), Count("--heldout")];
if (!ulong.TryParse(options["--seed"], out var seed) || counts.Any(count => count < 0))
{
    Console.Error.WriteLine("--seed, --pretrain, --train and --heldout take a whole number that is not negative.");
    return 2;
}

// The committed lines are read by people: no \u0027 for an apostrophe.
var json = new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
Directory.CreateDirectory(options["--output"]);
Write("pretrain.jsonl", Corpus.Pretraining(counts[0], seed).Select(text => (object)new { text }));
Write("train.jsonl", Corpus.Problems(counts[1], heldOut: false, seed).Select(Row));
Write("heldout.jsonl", Corpus.Problems(counts[2], heldOut: true, seed).Select(Row));
return 0;

int Count(string option) => int.TryParse(options[option], out var count) ? count : -1;

static object Row(Problem problem) => new { prompt = problem.Prompt, completion = problem.Completion };

void Write(string name, IEnumerable<object> rows)
{
    var path = Path.Combine(options["--output"], name);
    var lines = rows.Select(row => JsonSerializer.Serialize(row, json) + "\n").ToArray();
    File.WriteAllText(path, string.Concat(lines));
    Console.WriteLine($"{path}: {lines.Length} lines");
}
