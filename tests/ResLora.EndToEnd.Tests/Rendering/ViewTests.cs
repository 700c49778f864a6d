using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Cli.Rendering;
using ResLora.EndToEnd.Tests.Support;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Inspection;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Quickstart;
using ResLora.Experiments.Running;
using ResLora.Experiments.Verification;
using ResLora.Experiments.Workloads;
using ResLora.Models;
using ResLora.Training.Evaluation;
using ResLora.Training.Loop;
using ResLora.Training.Memory;
using ResLora.Training.Merging;
using ResLora.Training.Planning;
using Spectre.Console.Testing;
using Xunit;

namespace ResLora.EndToEnd.Tests.Rendering;

public sealed class ViewTests : IDisposable
{
    private static readonly MergeOutcome _outcome = new(
        "least-squares", IsExact: false, new MergeLoss(3193, 0.0121, 0.961, 0.52, 0.0853, 0.0906), new Score(31, 64),
        [new("layers.0.q_proj", 0.25, 0.0125)]);

    private static readonly MergeReport _merge = new(
        "run/best", "base", "out", MergeTarget.Lora, _outcome,
        [
            _outcome,
            new("dropped", false, new MergeLoss(3193, 0.31, 0.8, 4.5, 0.0853, 0.4), new Score(5, 64), [new("layers.0.q_proj", 0.5, 0.025)]),
        ],
        "256 samples of training data", "64 samples of held-out data", new Score(32, 64), 2e-6);

    private readonly TestConsole _console = new TestConsole().Width(140);

    public void Dispose() => _console.Dispose();

    [Fact]
    public void Quickstart_AReport_IsDrawnAsApproved()
    {
        QuickstartView.Draw(
            new QuickstartReport(
                "samples/word-problems", "out", ShortcutKind.Input, 200, 156_160,
                new("base", 1.234, new(17, 200)), new("LoRA", 0.1159, new(92, 200)),
                new("ResLoRA unmerged", 0.0853, new(108, 200)), new("ResLoRA merged", 0.0906, new(106, 200)),
                _merge, "Mia has 3 pens."),
            _console);

        // The next commands depend on the current folder and are tested by themselves.
        Approved.Check("quickstart", _console.Output.Split("Try next:")[0]);
    }

    [Fact]
    public void Quickstart_NoImprovement_IsSaid()
    {
        var row = new QuickstartRow("base", 1, new(5, 10));

        QuickstartView.Draw(new QuickstartReport("s", "o", ShortcutKind.Block, 1, 1, row, row, row, row, _merge, "p"), _console);

        Assert.Contains("Training did not improve on the base model", _console.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8_000_000_000, "each rank fits")]
    [InlineData(7_000_000_000, "not with its weights")]
    [InlineData(900_000_000, "rank 0 does not fit")]
    public void Pipeline_APlan_SaysWhetherThereIsRoom(long free, string says)
    {
        PipelineView.Draw(Pipeline with { AvailableMemory = free }, _console);

        Assert.Contains(says, _console.Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public void Pipeline_APlan_IsDrawnAsApproved()
    {
        PipelineView.Draw(Pipeline with { AvailableMemory = 8_000_000_000, StepSeconds = 12.5, Efficiency = 0.66 }, _console);

        Approved.Check("pipeline", _console.Output);
    }

    private static PipelinePlan Pipeline
    {
        get
        {
            StagePlan Stage(int stage, int first, int count, long sent, long activations) => new(
                stage, new LayerShare(first, count, 32), 2 - stage, sent,
                new MemoryEstimate(0, 84_000_000, activations, 100_000_000) { MappedWeights = 6_700_000_000 });
            return new PipelinePlan([Stage(0, 0, 31, 524_288, 900_000_000), Stage(1, 31, 1, 0, 400_000_000)], 4, 0.2, 16_777_216, 0.125);
        }
    }

    [Fact]
    public void Merge_AReport_IsDrawnAsApproved()
    {
        MergeView.Draw(_merge, _console);

        Approved.Check("merge", _console.Output);
    }

    [Fact]
    public void Merge_OfPictures_HasTheLossOfEachBandIn100Columns()
    {
        MergeLoss Of(double divergence, double increase) => new(65_536, divergence, double.NaN, 0.4, 0.5, 0.5 + increase)
        {
            Parts =
            [
                new("timesteps_0_to_249", 0.8, 0.8 + (2 * increase)), new("timesteps_250_to_499", 0.6, 0.6 + increase),
                new("timesteps_500_to_749", 0.4, 0.4 + increase), new("timesteps_750_to_999", 0.2, 0.2),
            ],
        };
        var outcome = new MergeOutcome("least-squares sequential", false, Of(0.002, 0.0004), null, []);
        var other = new MergeOutcome("dropped", false, Of(0.12, 0.05), null, []);
        using var console = new TestConsole().Width(100);

        MergeView.Draw(
            new MergeReport("run/best", "base", null, null, outcome, [outcome, other], null, "64 pictures", null, null), console);

        Approved.Check("merge-pictures", console.Output);
    }

    [Fact]
    public void Export_AReport_IsDrawnAsApproved()
    {
        var plan = new ExportPlan("vllm", ExportType.F32, "base", "run/best", MergeMethod.Input, IsExact: false,
        [
            new("input shortcut", FeatureState.Baked, "merged approximately, method input"),
            new("rank", FeatureState.Kept, "8"),
            new("block on lm_head", FeatureState.Lost, "vLLM does not serve it"),
        ]);
        var proof = new ExportProof("adapter_model.safetensors", ExportType.F32, 1000, 8.6e-6, 18.4, 1e-4, 1e-9, 1, 0.096, "q_proj", 0, 0);

        ExportView.Draw(
            new ExportReport
            {
                Version = 1,
                Plan = plan,
                MergeLoss = _merge.Loss,
                MeasuredOn = "64 samples of held-out data",
                Proofs = [proof, proof with { File = "model.gguf", Type = ExportType.Q8, Prompts = 16 }],
                Files = [new("adapter_config.json", 622, "aa"), new("adapter_model.safetensors", 350_200, "bb")],
                Prompts = ["p"],
                TokenIds = [[1, 2]],
            },
            "out", ["vllm serve base --enable-lora --lora-modules my-adapter=out"], _console);
        ExportView.DrawCheck(new ExportCheckReport("out", "vllm", 2, true, null, [proof], []), _console);
        const string gone = "what it was made from is not there any more: run/best";
        ExportView.DrawCheck(new ExportCheckReport("out", "vllm", 2, false, gone, [], ["'adapter_config.json' is missing"]), _console);

        Approved.Check("export", _console.Output);
    }

    [Fact]
    public void Evaluation_AReport_IsDrawnAsApproved()
    {
        EvaluationView.Draw(new EvaluationReport("gsm8k", 1319, new EvaluationLoss(1.5, 12_345), 2, new Score(13, 1319)), _console);

        Approved.Check("evaluation", _console.Output);
    }

    [Fact]
    public void Evaluation_OfLabelsAndScores_IsDrawnAsApproved()
    {
        var labels =
            new ClassificationReport(0.75, 0.7333, [new("no", 0.6667, 1, 0.8, 2), new("yes", 1, 0.5, 0.6667, 2)], [[2, 0], [1, 1]]);
        var report = new EvaluationReport("mrpc", 4, new EvaluationLoss(0.61, 4), 0, null) { Truncated = 1 };

        var (ofLabels, ofScores) = (
            new Dictionary<string, double> { ["accuracy"] = 0.75, ["f1"] = 0.6667 }, new Dictionary<string, double> { ["pearson"] = 0.91, ["spearman"] = 0.89 });
        EvaluationView.Draw(report with { Labels = new LabelScores(0.7083, ofLabels, labels) }, _console);
        EvaluationView.Draw(report with { Labels = new LabelScores(0.9, ofScores, null) }, _console);

        Approved.Check("evaluation-labels", _console.Output);
    }

    [Fact]
    public void Evaluation_OfManyLabels_SaysWhatEachIsMostOftenTakenFor()
    {
        string[] names =
        [
            "Activities", "Animals & Nature", "Food & Drink", "Objects", "People & Body", "Smileys & Emotion", "Symbols", "Travel & Places",
        ];
        var classes = names.Select((name, i) => new ClassScore(name, 0.5, 0.25 + (i * 0.05), 0.4, 40 + i));
        var counts = names.Select((_, i) => (int[])[.. names.Select((_, k) => i == 0 ? (k == 0 ? 40 : 0) : (i * k * 7) % 5)]);
        var report = new ClassificationReport(0.5, 0.4, [.. classes], [.. counts]);
        var labels = new LabelScores(0.5, new Dictionary<string, double> { ["accuracy"] = 0.5 }, report);

        _console.Profile.Width = 100;
        EvaluationView.Draw(
            new EvaluationReport("image-classification", 4, new EvaluationLoss(0.61, 4), 0, null) { Labels = labels }, _console);

        Approved.Check("evaluation-many-labels", _console.Output);
    }

    [Fact]
    public void Plan_OfLabels_IsDrawnAsApproved()
    {
        var memory = new MemoryEstimate(400_000, 16_000, 2_000_000, 0);
        var run = new RunPlan([], [], [], 1000, 100_000, 50, 0, 0, 0, 0, 0, 64, 300, 240, 9, memory) { Truncated = 3 };
        var adapter = new AdapterConfig { Targets = TargetModules.Suffixes("query", "value") };

        PlanView.Draw(
            new PlanReport("m", adapter, [], 10, run)
            {
                Head = ModelHead.ForLabels(["no", "yes"]),
                DataFacts =
                [
                    new("data", "50 samples, the longest of 64 tokens, 3 cut to the limit, 10 for validation"),
                    new("labels", "no 40.0 % (20), yes 60.0 % (30)"),
                ],
                NewModules = ["classifier", "bert.pooler"],
            },
            _console);
        PlanView.Draw(
            new PlanReport("m", adapter, [], 10, run with { AvailableMemory = 50_000_000 })
            {
                Head = ModelHead.Score,
                DataFacts =
                [
                    new("data", "50 samples, the longest of 64 tokens, 3 cut to the limit, 10 for validation"),
                    new("labels", "none: a score is learnt"),
                ],
            },
            _console);

        Approved.Check("plan-labels", _console.Output);
    }

    [Fact]
    public void Plan_AReport_IsDrawnAsApproved()
    {
        var memory = new MemoryEstimate(0, 16_000, 2_000_000, 50_000);

        PlanView.Draw(
            new PlanReport(
                "m",
                new AdapterConfig
                {
                    Targets = TargetModules.Suffixes("q_proj", "v_proj"),
                    Shortcut = new ShortcutConfig { Kind = ShortcutKind.Block },
                },
                [new LinearGroup("q_proj", 128, 128, ["a", "b"])],
                10,
                new RunPlan(
                    ["a", "b"],
                    [new ShortcutChain("self_attn.q_proj", ["a"]), new ShortcutChain("self_attn.q_proj", ["b"])],
                    [new ChainBreak("a", "b", "128 inputs, then 64")],
                    1000, 100_000, 50, 1, 2, 5, 7.5, 9, 83, 300, 240, 9, memory with { MappedWeights = 400_000 })
                {
                    Choice = new MemoryChoice(
                        80_000_000, 90_000_000, new TrainConfig { BatchSize = 2, AccumulationSteps = 4 }, memory),
                })
            {
                DataFacts =
                [
                    new("data", "50 samples, 1 too long, 2 with nothing to learn, 10 for validation"),
                    new("trained tokens", "5 to 9 a sample, 7.5 on average; the longest sample has 83 tokens"),
                ],
            },
            _console);

        Approved.Check("plan", _console.Output);
    }

    [Theory]
    [InlineData(ShortcutKind.None, false)]
    [InlineData(ShortcutKind.Input, true)]
    public void Plan_CutsOfChains_AreToldWhereThereAreShortcuts(ShortcutKind kind, bool expected)
    {
        var run = new RunPlan(
            [], [], [new ChainBreak("a.q", "b.q", "widths differ")], 1000, 1000, 50, 0, 0, 0, 0, 0, 64, 300, 240, 9, null);
        var adapter = new AdapterConfig { Shortcut = new ShortcutConfig { Kind = kind } };

        PlanView.Draw(new PlanReport("m", adapter, [], 10, run), _console);

        Assert.Equal(expected, _console.Output.Contains("is cut between a.q and b.q: widths differ", StringComparison.Ordinal));
    }

    [Fact]
    public void Plan_NoAccountOfMemory_SaysSo()
    {
        var run = new RunPlan([], [], [], 1000, 1000, 50, 0, 0, 0, 0, 0, 64, 300, 240, 9, null) { AvailableMemory = 1 };

        PlanView.Draw(new PlanReport("m", null, [], 10, run), _console);

        Assert.Contains("not known: there is no account of what such a run takes", _console.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("room", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspection_AModel_IsDrawnAsApproved()
    {
        InspectionView.Draw(
            new InspectionReport(
                "m", "model", [new("architecture", "llama")],
                [new("model.norm.weight", "bfloat16", [128], 256), new("scalar", "float32", [], 4)],
                [new LinearGroup("q_proj", 128, 128, ["model.layers.0.self_attn.q_proj"])], ["A note."]),
            withTensors: true,
            _console);

        Approved.Check("inspection", _console.Output);
    }

    [Fact]
    public void Verification_CasesOfEachStatus_AreDrawnAsApproved()
    {
        CaseReport[] cases =
        [
            new("llama_tiny", "model", CaseStatus.Passed, [new("logits", 1.5e-6, 1e-4), new("loss", 0, 1e-4)], null),
            new("llama_block", "model", CaseStatus.Failed, [new("logits", 0.3, 1e-4)], null),
            new("bert", "model", CaseStatus.Unsupported, [], "model_type 'bert' is not supported"),
        ];

        foreach (var found in cases)
        {
            VerificationView.DrawCase(found, _console);
        }

        VerificationView.DrawSummary(new VerificationReport(cases), _console);
        Approved.Check("verification", _console.Output);
    }

    [Fact]
    public void Progress_EventsOfARun_AreLinesAsApproved()
    {
        var metrics = new Dictionary<string, double> { ["eval_loss"] = 0.5, ["eval_perplexity"] = 1.6487 };
        string[] lines =
        [
            RunProgress.Line(new StepDone(120, 3000, 1.23456, 2e-4, 15_234.5, 0.7, TimeSpan.FromSeconds(3725))),
            RunProgress.Line(new StepDone(2999, 3000, 0.00012, 1.5e-9, 990, 0.7, TimeSpan.FromSeconds(1)) { SpeedUnit = "pictures" }),
            RunProgress.Line(new EvaluationDone(100, metrics, IsBest: true)),
            RunProgress.Line(new SamplesDone(50, 200)),
        ];

        Approved.Check("progress", string.Join('\n', lines));
    }
}
