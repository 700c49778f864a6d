using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// The sizes of activations that the paper's merges need: for every block a window over the last batches of ‖x_n‖_F and,
/// under the middle shortcut, ‖A_n x_n‖_F. Gathered in training, saved with the adapter.
/// </summary>
/// <param name="window">How many of the last batches count. Default 100, as in the authors' settings.</param>
/// <remarks>arXiv:2402.18039, equations 8, 9 and 12.</remarks>
public sealed class CalibrationStatistics(int window = CalibrationStatistics.DefaultWindow)
{
    /// <summary>The window of the authors' settings, in batches.</summary>
    public const int DefaultWindow = 100;

    private readonly Dictionary<string, Queue<double>> _inputs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Queue<double>> _lows = new(StringComparer.Ordinal);

    private Dictionary<string, (List<double> Inputs, List<double> Lows)>? _deferred;

    /// <summary>How many of the last batches count.</summary>
    public int Window { get; } = window;

    /// <summary>Whether nothing has been gathered.</summary>
    public bool IsEmpty => _inputs.Count == 0;

    /// <summary>‖x_n‖_F of the batches in the window, oldest first, by module name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyCollection<double>> InputNorms => View(_inputs);

    /// <summary>‖A_n x_n‖_F of the batches in the window, oldest first, by module name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyCollection<double>> LowNorms => View(_lows);

    /// <summary>f_n: the mean of ‖x_n‖_F over the window.</summary>
    /// <param name="module">The block's dotted name.</param>
    /// <returns>The mean norm, above 0.</returns>
    /// <exception cref="ConfigException">Nothing was gathered for the block, or its inputs were all 0.</exception>
    public double InputNorm(string module) => Mean(_inputs, module);

    /// <summary>g_n: the mean of ‖A_n x_n‖_F over the window.</summary>
    /// <param name="module">The block's dotted name.</param>
    /// <returns>The mean norm, above 0.</returns>
    /// <exception cref="ConfigException">Nothing was gathered for the block, or it was all 0.</exception>
    public double LowNorm(string module) => Mean(_lows, module);

    /// <summary>Adds one batch's sizes.</summary>
    /// <param name="module">The block's dotted name.</param>
    /// <param name="input">x_n, [B, T, Din], borrowed.</param>
    /// <param name="low">A_n x_n, [B, T, R], borrowed; null when the structure does not need it.</param>
    /// <param name="tokenMask">[B, T], 0 for padding, which is left out; null counts everything.</param>
    public void Record(string module, Tensor input, Tensor? low, Tensor? tokenMask)
    {
        double[] inputs = [Norm(input, tokenMask)], lows = low is null ? [] : [Norm(low, tokenMask)];
        if (_deferred is null)
        {
            Add(module, inputs, lows);
            return;
        }

        var (allInputs, allLows) = _deferred.TryGetValue(module, out var there) ? there : _deferred[module] = ([], []);
        allInputs.AddRange(inputs);
        allLows.AddRange(lows);
    }

    /// <summary>
    /// Sets what is recorded from now on aside, for whoever brings batches of several processes into one order; <see cref="Add"/> puts it
    /// in.
    /// </summary>
    public void Defer() => _deferred = new(StringComparer.Ordinal);

    /// <summary>Ends <see cref="Defer"/>.</summary>
    /// <returns>What was set aside, by module name, oldest first.</returns>
    public IReadOnlyDictionary<string, (List<double> Inputs, List<double> Lows)> TakeDeferred()
    {
        var taken = _deferred ?? [];
        _deferred = null;
        return taken;
    }

    /// <summary>Adds sizes of batches.</summary>
    /// <param name="module">The block's dotted name.</param>
    /// <param name="inputNorms">‖x_n‖_F, oldest first.</param>
    /// <param name="lowNorms">‖A_n x_n‖_F, oldest first; empty when the structure does not need it.</param>
    public void Add(string module, IEnumerable<double> inputNorms, IEnumerable<double> lowNorms)
    {
        ArgumentNullException.ThrowIfNull(inputNorms);
        ArgumentNullException.ThrowIfNull(lowNorms);
        foreach (var norm in inputNorms)
        {
            Push(_inputs, module, norm);
        }

        foreach (var norm in lowNorms)
        {
            Push(_lows, module, norm);
        }
    }

    /// <summary>Puts back what was saved.</summary>
    /// <param name="module">The block's dotted name.</param>
    /// <param name="inputNorms">‖x_n‖_F, oldest first.</param>
    /// <param name="lowNorms">‖A_n x_n‖_F, oldest first; empty when the structure does not need it.</param>
    public void Restore(string module, IEnumerable<double> inputNorms, IEnumerable<double> lowNorms)
    {
        _inputs.Remove(module);
        _lows.Remove(module);
        Add(module, inputNorms, lowNorms);
    }

    private static double Norm(Tensor activations, Tensor? tokenMask)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var values = activations.to(float32);
        if (tokenMask is not null)
        {
            values = values * tokenMask.to(float32).unsqueeze(-1);   // [B, T, D] · [B, T, 1]
        }

        return values.norm().item<float>();
    }

    private static double Mean(Dictionary<string, Queue<double>> norms, string module)
    {
        var mean = norms.TryGetValue(module, out var values) ? values.Average() : 0;
        return mean > 0 && double.IsFinite(mean)
            ? mean
            : throw new ConfigException(
                $"There are no calibration statistics for '{module}', which this merge needs; they are gathered while the adapter trains.");
    }

    private static Dictionary<string, IReadOnlyCollection<double>> View(Dictionary<string, Queue<double>> norms) =>
        norms.ToDictionary(n => n.Key, n => (IReadOnlyCollection<double>)n.Value, StringComparer.Ordinal);

    private void Push(Dictionary<string, Queue<double>> norms, string module, double value)
    {
        if (!norms.TryGetValue(module, out var queue))
        {
            norms[module] = queue = new Queue<double>();
        }

        queue.Enqueue(value);
        while (queue.Count > Window)
        {
            queue.Dequeue();
        }
    }
}
