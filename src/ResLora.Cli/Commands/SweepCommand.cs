using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Sweeping;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora sweep</c>.</summary>
internal static class SweepCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var file = new Argument<string>("CONFIG.yaml")
        {
            Description = "The keys of a run, and a section sweep: keys to vary, seeds, halving; docs/sweep.md explains them.",
        };
        var over = new Option<string[]>("--over")
        {
            Description = "Vary a key over some values, such as adapter.rank=4,8,16; may be given several times, and takes the place of " +
                "the file's values of that key.",
            HelpName = "KEY=VALUE,VALUE",
        };
        var budget = new Option<int?>("--budget")
        {
            Description = "Draw so many points at random instead of training all of them.",
            HelpName = "N",
        };
        var halving = new Option<bool>("--halving")
        {
            Description = "Give hopeless points up early: at a quarter and at half of the steps the better half goes on.",
        };
        var output = new Option<string?>("--output") { Description = "The folder of the sweep; overrides the file's.", HelpName = "DIR" };
        var set = SharedOptions.Set();
        var plan = new Option<bool>("--plan") { Description = "Show the points and what their runs take, and train nothing." };
        var jobs = SharedOptions.Jobs();
        var verb = new Verb(
            "sweep",
            "Train a model with every combination of some settings' values and several seeds, and say which does best on validation " +
            "data, what it costs, and whether it is more than chance. It may be stopped at any moment; the same line goes on with it. " +
            "Started by mpirun, the processes share the runs (docs/distributed.md).",
            "sweep samples/word-problems/previous-blocks.yaml",
            "sweep my.yaml --over adapter.shortcut.previousCount=0,1,2,4,all --over adapter.rank=4,8,16 --plan",
            "sweep my.yaml --over training.learningRate=1e-4,3e-4,1e-3,3e-3 --over adapter.rank=4,8,16 --halving --output runs/rates",
            "sweep my.yaml --over adapter.alpha=4,8,16,32 --over adapter.dropout=0,0.05,0.1 --budget 6")
        {
            file, over, budget, halving, output, set, jobs, plan,
        };
        return verb.Does((line, context) => RankFarm.Do(context, line.GetValue(jobs), farm =>
        {
            var config = SweepConfig.Read(
                line.GetRequiredValue(file), line.GetValue(set) ?? [],
                new SweepLine(line.GetValue(over) ?? [], line.GetValue(budget), line.GetValue(halving)));
            if (line.GetValue(output) is { } folder)
            {
                config = config with { Output = Path.GetFullPath(folder) };
            }

            context.WaitForRanks(TimeSpan.FromSeconds(config.Run.Training.RankTimeout));
            context.RequireTorch();
            var planned = SweepPlan.Of(config, line.GetValue(jobs));
            if (line.GetValue(plan))
            {
                context.Result(SweepView.Document(planned), terminal => SweepView.Draw(planned, terminal));
                return ExitCode.Done;
            }

            var report = RunProgress.Show(
                context, progress => SweepJob.Run(planned, ThisProgram.Line(typeof(ThisProgram).Assembly), farm, progress, context.Stop));
            context.Result(report, terminal => SweepView.Draw(report, config, terminal));
            return ExitCode.Done;
        }), isShared: true);
    }
}
