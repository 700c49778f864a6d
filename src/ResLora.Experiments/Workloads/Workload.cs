using System.Security.Cryptography;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data.Labelling;
using ResLora.Training;
using static TorchSharp.torch;

namespace ResLora.Experiments.Workloads;

/// <summary>
/// What there is to learn, and of what: texts to go on with, labels of texts. It knows how data is read, what a network learns of it and
/// what is measured; the jobs know no more than this. A new one is a folder here and a line in <see cref="WorkloadRegistry"/>.
/// </summary>
internal abstract class Workload
{
    /// <summary>The names of its tasks; no two workloads share one.</summary>
    public abstract IReadOnlyList<string> Tasks { get; }

    /// <summary>What its networks read beside config.json and weights: how errors call it, and the files' names in the model's
    /// folder.</summary>
    public abstract KeyValuePair<string, IReadOnlyList<string>> Companions { get; }

    /// <summary>What <c>reslora init</c> writes of its models and data.</summary>
    public abstract TemplateWords Words { get; }

    /// <summary>Whether it learns to take noise out of pictures, so that settings for it mean something. Default false.</summary>
    public virtual bool Denoises => false;

    /// <summary>Whether a network can do its tasks.</summary>
    /// <param name="network">The network, which may be on the meta device.</param>
    public abstract bool Fits(Network network);

    /// <summary>What is said of a task to somebody whose network cannot do it.</summary>
    /// <param name="task">The task.</param>
    /// <param name="model">The model's folder.</param>
    /// <returns>A sentence.</returns>
    public abstract string Misfit(string task, string model);

    /// <summary>What in the settings of data means nothing here, a phrase each; empty when all is well.</summary>
    /// <param name="data">The settings.</param>
    public abstract IEnumerable<string> Problems(DataConfig data);

    /// <summary>Finds the task for data that nobody has named one for.</summary>
    /// <param name="data">The data: a file, or a folder.</param>
    /// <returns>The task's name, and a phrase that says by what it was found.</returns>
    /// <exception cref="ResLoraException">The data cannot be read, or no task fits.</exception>
    public abstract (string Task, string Reason) FindTask(string data);

    /// <summary>Reads the data that a run learns from and is validated on.</summary>
    /// <param name="source">Where it is.</param>
    /// <param name="network">The network, which may be on the meta device and which <see cref="Fits"/>.</param>
    /// <param name="headIsNew">Whether the network gets the head that the data asks for; else the data must go with the head it
    /// has.</param>
    /// <returns>The data.</returns>
    /// <exception cref="ResLoraException">Files cannot be used, or the network's head does not fit the task.</exception>
    public abstract TaskData Read(RunSource source, Network network, bool headIsNew);

    /// <summary>Reads data that a trained network is held against: it is all to measure, and nothing is held out of it.</summary>
    /// <param name="given">Where it is.</param>
    /// <param name="session">The network, with its head.</param>
    /// <returns>The data, without validation data.</returns>
    /// <exception cref="ResLoraException">Files cannot be used, or the network's head does not fit the task.</exception>
    public abstract TaskData Read(GivenData given, ModelSession session);

    /// <summary>Makes examples where there is no data, so that a merge can be calibrated or measured all the same.</summary>
    /// <param name="session">The network.</param>
    /// <param name="seed">Other seeds give other examples.</param>
    /// <param name="purpose">What they are for, a verb.</param>
    /// <returns>The examples.</returns>
    /// <exception cref="ConfigException">Nothing can be made.</exception>
    public abstract MeasuredExamples Invent(ModelSession session, int seed, string purpose);

    /// <summary>The examples that predictions are wanted of.</summary>
    /// <param name="source">Where they are.</param>
    /// <param name="session">The network, with its head.</param>
    /// <param name="lines">What is given in place of files.</param>
    /// <returns>The examples, read as they are asked for.</returns>
    /// <exception cref="ResLoraException">Files cannot be used, or the network says nothing of an example as a whole.</exception>
    public virtual PredictionInputs Inputs(PredictionSource source, ModelSession session, IEnumerable<string> lines) =>
        throw new ConfigException(
            $"{session.ModelFolder} has no labels or scores to predict; take an encoder of texts or a vision transformer that was trained "
                + "for some. What other models write or draw comes from generate and imagine.");

    /// <summary>What is measured of predicted labels or scores; null for tasks without. Default: null.</summary>
    /// <param name="task">The task.</param>
    /// <param name="labels">How many labels there are; 0 for scores.</param>
    public virtual LabelMeasures? MeasuresOf(string task, int labels) => null;

    /// <summary>All that a network gives for an example, to compare two networks.</summary>
    /// <param name="network">The network.</param>
    /// <param name="example">An example of this workload.</param>
    /// <returns>New tensor of logits or values, one prediction a row of the last dimension; owned by the caller.</returns>
    public abstract Tensor Outputs(Network network, IExample example);

    /// <summary>
    /// The numbers that an export's report keeps of an example, so that its proof can be repeated: of a text its tokens.
    /// </summary>
    /// <param name="example">The example.</param>
    /// <param name="most">How many tokens at most.</param>
    public abstract IReadOnlyList<int> Numbers(IExample example, int most);

    /// <summary>The example that <see cref="Numbers"/> are of.</summary>
    /// <param name="numbers">The numbers, each from 0 and below <see cref="NumbersBelow"/>.</param>
    /// <param name="session">The network that it is for.</param>
    public abstract IExample Example(IReadOnlyList<int> numbers, ModelSession session);

    /// <summary>What all <see cref="Numbers"/> are below.</summary>
    /// <param name="network">The network that they are for.</param>
    public abstract long NumbersBelow(Network network);

    /// <summary>A number, 0 or more, that stands for an example too large for a report.</summary>
    /// <param name="example">The example.</param>
    protected static int SeedOf(IExample example)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        example.AppendTo(hash);
        return BitConverter.ToInt32(hash.GetHashAndReset()) & (int.MaxValue >> 1);
    }

    /// <summary>Requires that a network can do a task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="network">The network.</param>
    /// <param name="model">Its folder.</param>
    /// <exception cref="ConfigException">It cannot.</exception>
    public void Require(string task, Network network, string model)
    {
        if (!Fits(network))
        {
            throw new ConfigException(Misfit(task, model));
        }
    }
}
