using ResLora.Adapters;
using ResLora.Experiments.Quickstart;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Experiments.Quickstart;

public sealed class QuickstartJobTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    [Fact]
    public void Run_TinySample_WritesEverythingItNamesAndCanBeRepeated()
    {
        var options = Options("quick", ShortcutKind.Block);

        QuickstartJob.Run(options, stop: TestContext.Current.CancellationToken);
        var report = QuickstartJob.Run(options, stop: TestContext.Current.CancellationToken);

        Assert.True(File.Exists(Path.Combine(report.PeftFolder, "adapter_model.safetensors")));
        Assert.True(File.Exists(Path.Combine(report.MergedFolder, "model.safetensors")));
        Assert.True(File.Exists(report.PlotFile));
        Assert.True(Directory.Exists(Path.Combine(report.Output, "lora", "last")));
        Assert.True(Directory.Exists(Path.Combine(report.Output, "reslora", "last")));
        Assert.Equal(["base", "LoRA", "ResLoRA unmerged", "ResLoRA merged"], report.Rows.Select(row => row.Name));
        Assert.All(report.Rows, row => Assert.Equal(4, row.ExactMatch.Total));
        // The block shortcut merges exactly, so the model written says what the adapter says.
        Assert.Equal(report.Unmerged.Loss, report.Merged.Loss, 3);
    }

    [Fact]
    public void Run_OutputWithSomethingElse_IsNotTouched()
    {
        var options = Options("occupied", ShortcutKind.Input);
        Directory.CreateDirectory(options.Output);
        File.WriteAllText(Path.Combine(options.Output, "thesis.txt"), "years of work");

        var error = Assert.Throws<ConfigException>(() => QuickstartJob.Run(options, stop: TestContext.Current.CancellationToken));

        Assert.Contains("holds no earlier quickstart", error.Message, StringComparison.Ordinal);
        Assert.Equal("years of work", File.ReadAllText(Path.Combine(options.Output, "thesis.txt")));
    }

    [Fact]
    public void Run_EarlierQuickstartWithSomethingElse_IsNotTouched()
    {
        var options = Options("mixed", ShortcutKind.Block);
        QuickstartJob.Run(options, stop: TestContext.Current.CancellationToken);
        var notes = Path.Combine(options.Output, "lora", "best", "notes.txt");
        File.WriteAllText(notes, "mine");

        var error = Assert.Throws<ConfigException>(() => QuickstartJob.Run(options, stop: TestContext.Current.CancellationToken));

        Assert.Contains("'lora/best/notes.txt'", error.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(notes));
        Assert.True(File.Exists(Path.Combine(options.Output, "reslora-merged", "model.safetensors")));
    }

    [Theory]
    [InlineData("lora/metrics.jsonl", false)]
    [InlineData("lora/checkpoints/step-000002/trainer.json", false)]
    [InlineData("src/main.cs", true)]
    public void MakeRoom_AfterAKilledQuickstart_KnowsItsFilesByTheirNames(string file, bool isForeign)
    {
        var output = world.Folder[$"killed-{Path.GetFileName(file)}"];
        QuickstartFolder.MakeRoom(output, world.Folder["sample-elsewhere"]);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(output, file))!);
        File.WriteAllText(Path.Combine(output, file), "x");

        var error = Record.Exception(() => QuickstartFolder.MakeRoom(output, world.Folder["sample-elsewhere"]));

        Assert.Equal(isForeign, error is ConfigException);
        Assert.Equal(isForeign, File.Exists(Path.Combine(output, file)));
    }

    [Fact]
    public void Run_IncompleteSample_SaysWhatIsMissing()
    {
        var error = Assert.Throws<ConfigException>(() =>
            QuickstartJob.Run(
                Options("x", ShortcutKind.Input) with { Sample = world.Folder["no-sample"] },
                stop: TestContext.Current.CancellationToken));

        Assert.Contains("config.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(90, 95, 200, "do not tell")]
    [InlineData(20, 150, 200, "ResLoRA answers more")]
    [InlineData(150, 20, 200, "LoRA answers more")]
    public void Verdict_ByIntervals_ClaimsNoMoreThanTheyShow(int lora, int resLora, int total, string expected)
    {
        var report = Report(new(1, total), new(lora, total), new(resLora, total));

        Assert.Contains(expected, report.Verdict, StringComparison.Ordinal);
        Assert.True(report.Improved);
    }

    [Fact]
    public void Improved_NoMoreRightAnswersThanTheBase_IsFalse() => Assert.False(Report(new(9, 100), new(9, 100), new(20, 100)).Improved);

    private static QuickstartReport Report(Score untrained, Score lora, Score resLora) => new(
        "s", "o", ShortcutKind.Input, 1, 1, new("base", 2, untrained), new("LoRA", 1, lora), new(
            "ResLoRA unmerged", 1, resLora), new("ResLoRA merged", 1, resLora), null!, "");

    private QuickstartOptions Options(string output, ShortcutKind structure)
    {
        var sample = world.Folder["sample"];
        if (!Directory.Exists(sample))
        {
            Directory.CreateDirectory(Path.Combine(sample, "base"));
            Directory.CreateDirectory(Path.Combine(sample, "data"));
            foreach (var file in Directory.EnumerateFiles(world.Model))
            {
                File.Copy(file, Path.Combine(sample, "base", Path.GetFileName(file)));
            }

            File.Copy(world.Data, Path.Combine(sample, "data", "train.jsonl"));
            File.Copy(world.Data, Path.Combine(sample, "data", "heldout.jsonl"));
        }

        return new QuickstartOptions { Sample = sample, Structure = structure, Steps = 2, HeldOut = 4, Output = world.Folder[output] };
    }
}
