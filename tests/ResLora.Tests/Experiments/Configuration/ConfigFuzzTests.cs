using FsCheck;
using FsCheck.Fluent;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Experiments.Configuration;

/// <summary>Damaged YAML files are either settings or are refused: nothing else ever happens.</summary>
public sealed class ConfigFuzzTests
{
    private const int Runs = 6000;
    private const ulong Seed = 20240229;
    private const string Telling = "[]{}:,-?#&*!|>'\"%@` \n\t\\~.0e";

    private const string Valid = """
        # A comment
        model: &m base
        task: word-problems
        data: {train: "tr\u0061in.jsonl", validation: *m, columns: {prompt: 'it''s'}}
        adapter:
          rank: 4
          targets: [q_proj, "v_proj"]
          shortcut: {kind: block, previousCount: -1}
        training:
          steps: 10
          learningRate: 1e-4
        output: |
          runs/x

        """;

    [Fact]
    public void Parse_DamagedYaml_GivesSettingsOrIsRefused()
    {
        var at = Gen.Choose(0, Valid.Length - 1);
        var letter = Gen.OneOf(Gen.Elements(Telling.ToCharArray()), Gen.Choose(0, 0xFFFF).Select(code => (char)code));
        var replaced = Gen.Zip(at, letter).NonEmptyListOf().Where(list => list.Count <= 4).Select(list =>
        {
            var text = Valid.ToCharArray();
            list.ForEach(change => text[change.Item1] = change.Item2);
            return new string(text);
        });
        var inserted = Gen.Zip(at, letter).Select(change => Valid.Insert(change.Item1, change.Item2.ToString()));
        var removed = Gen.Zip(at, Gen.Choose(1, 20)).Select(cut => Valid.Remove(cut.Item1, Math.Min(cut.Item2, Valid.Length - cut.Item1)));
        var moved = Gen.Zip(Gen.Zip(at, at), Gen.Choose(1, 40)).Select(move =>
            Valid.Insert(move.Item1.Item2, Valid.Substring(move.Item1.Item1, Math.Min(move.Item2, Valid.Length - move.Item1.Item1))));
        var read = 0;

        Prop.ForAll(Gen.OneOf(replaced, inserted, removed, moved).ToArbitrary(), yaml => read += IsRead(yaml) ? 1 : 0)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(Runs).WithReplay(Seed, 1));

        // Both outcomes happened, or the damage would prove nothing.
        Assert.InRange(read, 1, Runs - 1);
    }

    private static bool IsRead(string yaml)
    {
        try
        {
            _ = ConfigFile.Parse<RunConfig>(yaml, "run.yaml", Path.GetTempPath());
            return true;
        }
        catch (ConfigException error)
        {
            Assert.StartsWith("run.yaml", error.Message, StringComparison.Ordinal);
            return false;
        }
    }
}
