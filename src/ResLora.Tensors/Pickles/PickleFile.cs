using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using static TorchSharp.torch;

namespace ResLora.Tensors.Pickles;

/// <summary>
/// A checkpoint that torch.save wrote: a zip archive with a pickle and the numbers beside it. The pickle is read without running anything
/// of it (<see cref="PickleMachine"/>); what only running it could make is none of the tensors.
/// </summary>
public sealed class PickleFile : ITensorFile
{
    private const int MostPickleBytes = 64 * 1024 * 1024;
    private const string PickleName = "/data.pkl";
    private const string StateKey = "state_dict";

    private readonly FileStream _file;
    private readonly Dictionary<string, PickleTensor> _views;
    private readonly Dictionary<string, string> _others;

    private PickleFile(string path, FileStream file, PickleDictionary state)
    {
        (Path, _file) = (path, file);
        _views = state.Items.Where(item => item.Value is PickleTensor)
            .ToDictionary(item => item.Key, item => (PickleTensor)item.Value!, StringComparer.Ordinal);
        _others = state.Items.Where(item => item.Value is not PickleTensor)
            .ToDictionary(item => item.Key, item => Words(item.Value), StringComparer.Ordinal);
        Tensors = _views.ToDictionary(
            view => view.Key, view => new StoredTensor(view.Value.Storage.Type.DataType, view.Value.Shape), StringComparer.Ordinal);
    }

    /// <inheritdoc />
    public string Path { get; }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <inheritdoc />
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <inheritdoc />
    public IEnumerable<string> NotTensors => _others.Keys;

    /// <summary>Opens a checkpoint and reads its pickle: its dictionary <c>state_dict</c>, or the whole where there is none.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The open file, the caller's.</returns>
    /// <exception cref="FileFormatException">It is no such file, breaks its format, or names what can do harm.</exception>
    public static PickleFile Open(string path)
    {
        var file = InputFile.OpenRead(path);
        try
        {
            return new PickleFile(path, file, State(file, path));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public string? Instead(string name) => _others.GetValueOrDefault(name);

    /// <inheritdoc />
    public Tensor Read(string name)
    {
        ObjectDisposedException.ThrowIf(_file.SafeFileHandle.IsClosed, this);
        if (!_views.TryGetValue(name, out var view))
        {
            throw new FileFormatException(Instead(name) is { } what
                ? $"'{Path}': '{Shown.Of(name)}' is no tensor that can be read: {what}."
                : $"'{Path}' has no tensor '{Shown.Of(name)}'.{NearestName.Suggestion(name, Tensors.Keys)}");
        }

        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        if (view.Shape.Contains(0))
        {
            return empty(view.Shape, view.Storage.Type.DataType, CPU).MoveToOuterDisposeScope();
        }

        var type = view.Storage.Type;
        // A bool that is neither 0 nor 1 is undefined behaviour in libtorch.
        var stored = type.DataType == ScalarType.Bool ? ScalarType.Byte : type.DataType;
        var span = 1 + view.Shape.Zip(view.Strides).Sum(dimension => (dimension.First - 1) * dimension.Second);
        var numbers = empty([span], stored, CPU);
        if (!TensorBytes.TryFill(numbers, _file.SafeFileHandle, view.Storage.Offset + (view.Start * type.Width)))
        {
            throw new FileFormatException($"'{Path}' ended within tensor '{Shown.Of(name)}': it was cut short after it was opened.");
        }

        var shaped = numbers.as_strided(view.Shape, view.Strides).contiguous();
        return (type.DataType == ScalarType.Bool ? shaped.ne(0) : shaped).MoveToOuterDisposeScope();
    }

    /// <summary>Closes the file; tensors already read stay valid.</summary>
    public void Dispose() => _file.Dispose();

    private static PickleDictionary State(FileStream file, string path)
    {
        var entries = ZipEntries.Read(file, path);
        string[] pickles = [.. entries.Keys.Where(name => name.EndsWith(PickleName, StringComparison.Ordinal))];
        if (pickles is not [var pickle])
        {
            throw new FileFormatException(
                $"'{path}' is no file that torch.save wrote: there are {pickles.Length} files '…{PickleName}' in it; expected one.");
        }

        var folder = pickle[..^PickleName.Length];
        if (entries.TryGetValue(
            folder + "/byteorder", out var order) && Encoding.ASCII.GetString(Bytes(file, path, order, 64)) is not "little" and var found)
        {
            throw new FileFormatException($"'{path}' has numbers in the byte order '{Shown.Of(found)}'; only little is supported.");
        }

        var bytes = new PickleBytes(Bytes(file, path, entries[pickle], MostPickleBytes), path);
        var root = PickleMachine.Run(bytes, new PickleCalls(bytes, (key, type, count) =>
            entries.TryGetValue(
                $"{folder}/data/{key}", out var data) && count >= 0 && (UInt128)count * (UInt128)type.Width == (UInt128)data.Length
                ? data.Offset
                : throw bytes.Broken($"'{Shown.Of(key)}' should hold {count} numbers of {type.Width} bytes, and {(data.Length > 0 ? $"has {data.Length} bytes" : "is not there or empty")}")));
        var state = root is PickleDictionary whole && whole.Items.TryGetValue(StateKey, out var inner) ? inner : root;
        return state as PickleDictionary
            ?? throw new FileFormatException($"'{path}' holds no dictionary of tensors, but {Words(state)}. Nothing of it was run.");
    }

    private static byte[] Bytes(FileStream file, string path, (long Offset, long Length) place, int most)
    {
        if (place.Length > most)
        {
            throw new FileFormatException($"'{path}': a part of it has {place.Length} bytes; at most {most} are accepted.");
        }

        var bytes = new byte[place.Length];
        for (var done = 0; done < bytes.Length;)
        {
            var count = RandomAccess.Read(file.SafeFileHandle, bytes.AsSpan(done), place.Offset + done);
            done += count > 0 ? count : throw new FileFormatException($"'{path}' was cut short while it was read.");
        }

        return bytes;
    }

    private static string Words(object? value) => value switch
    {
        PicklePlaceholder unknown => $"it would be made by '{Shown.Of(unknown.Cause)}', which is not run",
        PickleGlobal name => $"the name '{Shown.Of(name.Full)}'",
        PickleDictionary => "a dictionary",
        _ => "a value of another kind",
    };
}
